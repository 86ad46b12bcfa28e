import { expect, it } from 'vitest';
import { deletedJob, jobWith, podWith } from '#doubles/mover/mover-objects.ts';
import { readMaintenanceRun } from './maintenance-run.ts';

it('is suspended until it is let start, runs, and has ended when its Job has', () => {
  expect(readMaintenanceRun(jobWith(undefined, true), undefined)).toEqual({ kind: 'suspended' });
  expect(readMaintenanceRun(jobWith(), podWith({ forget: { exitCode: 0 } }))).toMatchObject({ kind: 'running' });
  expect(readMaintenanceRun(jobWith('Complete'), undefined)).toEqual({ kind: 'ended' });
});

it('invariant 14: names what keeps its pod from starting', () => {
  const run = readMaintenanceRun(jobWith(), podWith({ forget: 'ImagePullBackOff' }, {}, { phase: 'Pending' }));
  if (run.kind !== 'running') expect.unreachable();
  expect(run.stuck).toContain('ImagePullBackOff');
});

it.each([
  ['the snapshots could not be removed', podWith({ forget: { exitCode: 11 } })],
  ['the space could not be freed', podWith({ forget: { exitCode: 0 } }, { restic: { exitCode: 11 } })],
])('invariant 14: has failed in the words of restic where %s', (_, pod) => {
  expect(readMaintenanceRun(jobWith(), pod)).toMatchObject({
    kind: 'failed',
    failure: { cause: 'locked', message: 'restic failed (exit code 11: the repository is locked).' },
  });
});

it('has failed where its pod was taken away', () => {
  const conditions = [{ type: 'DisruptionTarget', status: 'True', message: 'the node was drained' }];
  expect(readMaintenanceRun(jobWith('Failed'), podWith({}, {}, { conditions }))).toMatchObject({
    kind: 'failed',
    failure: { cause: 'disrupted' },
  });
});

it('has failed where somebody deleted its Job, and no pod goes on', () => {
  expect(readMaintenanceRun(deletedJob(), undefined)).toMatchObject({ kind: 'failed' });
  expect(readMaintenanceRun(deletedJob(), podWith({}, {}, { phase: 'Running' }))).toMatchObject({ kind: 'running' });
});
