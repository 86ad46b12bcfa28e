import { describe, expect, it } from 'vitest';
import { RestoreFindings, restoreMessage } from '../../domain/restore-record.ts';
import { readRestoreRun } from './restore-run.ts';
import { deletedJob, jobWith, podWith } from '#doubles/mover/mover-objects.ts';

const good = { exitCode: 0 };
const proof = (change: (found: RestoreFindings) => void = () => undefined): string => {
  const findings = new RestoreFindings();
  findings.seen(3);
  change(findings);
  return restoreMessage(findings.record('a'.repeat(64), 'unknown'));
};

describe('readRestoreRun', () => {
  it('follows a mover from its start to its end', () => {
    expect(readRestoreRun(jobWith(undefined, true), undefined)).toEqual({ kind: 'suspended' });
    expect(readRestoreRun(jobWith(), undefined)).toEqual({ kind: 'starting' });
    expect(readRestoreRun(jobWith(), podWith({}))).toEqual({ kind: 'starting' });
    expect(readRestoreRun(jobWith(), podWith({ look: good }))).toEqual({ kind: 'restoring' });
    expect(readRestoreRun(jobWith(), podWith({ look: good, restic: good }))).toEqual({ kind: 'proving' });
  });

  it('takes the word of the proof before the Job has ended', () => {
    const pod = podWith({ look: good, restic: good }, { prove: { exitCode: 0, message: proof() } });
    expect(readRestoreRun(jobWith(), pod)).toMatchObject({ kind: 'proven', record: { entries: 1, sizeBytes: 3 } });
  });

  it('invariant 10: has failed where somebody deleted its Job, and no pod goes on', () => {
    for (const job of [deletedJob(true), deletedJob()]) {
      const run = readRestoreRun(job, undefined);
      expect(run).toMatchObject({ kind: 'failed', mayHaveWritten: false });
    }
    const evicted = podWith({ look: good }, {}, { phase: 'Failed' });
    expect(readRestoreRun(deletedJob(), evicted)).toMatchObject({ kind: 'failed', mayHaveWritten: true });
    const running = podWith({ look: good }, {}, { phase: 'Running' });
    expect(readRestoreRun(deletedJob(), running)).toEqual({ kind: 'restoring' });
  });

  it('invariant 11: is a mismatch where anything is missing, whatever the exit code', () => {
    const message = proof((found) => found.missing('a'));
    for (const exitCode of [0, 1]) {
      const pod = podWith({ look: good, restic: good }, { prove: { exitCode, message } });
      expect(readRestoreRun(jobWith('Complete'), pod)).toMatchObject({ kind: 'mismatch' });
    }
    const whole = podWith({ look: good, restic: good }, { prove: { exitCode: 1, message: proof() } });
    expect(readRestoreRun(jobWith(), whole)).toMatchObject({ kind: 'mismatch' });
  });

  it.each(['', '{"snapshotId":', 'no answer from the store'])(
    'invariant 11: is no proof where the message is "%s"',
    (message) => {
      const pod = podWith({ look: good, restic: good }, { prove: { exitCode: 0, message } });
      expect(readRestoreRun(jobWith('Complete'), pod)).toMatchObject({ kind: 'failed', failure: { cause: 'failed' } });
    },
  );

  it('invariant 11: is no proof where the pod is gone', () => {
    const run = readRestoreRun(jobWith('Complete'), undefined);
    expect(run).toMatchObject({ kind: 'failed' });
  });

  it('tells a volume that was not empty, and a look that failed', () => {
    const report = { names: ['a'], hasMore: false };
    const full = podWith({ look: { exitCode: 1, message: JSON.stringify(report) }, restic: 'PodInitializing' });
    expect(readRestoreRun(jobWith('Failed'), full)).toEqual({ kind: 'notEmpty', report });
    const blind = podWith({ look: { exitCode: 1, message: 'EACCES: permission denied' } });
    expect(readRestoreRun(jobWith('Failed'), blind)).toMatchObject({
      failure: { message: 'Container look of the mover failed: EACCES: permission denied.' },
    });
  });

  it.each([
    [3, 'partial', 'some files could not be read'],
    [10, 'noRepository', 'does not exist'],
    [11, 'locked', 'is locked'],
    [12, 'wrongPassword', 'password'],
    [1, 'failed', 'exit code 1'],
  ])('says what exit code %i of restic means', (exitCode, cause, words) => {
    const run = readRestoreRun(jobWith(), podWith({ look: good, restic: { exitCode } }));
    expect(run).toMatchObject({ kind: 'failed', failure: { cause } });
    expect(run.kind === 'failed' ? run.failure.message : '').toContain(words);
  });

  it('says what restic said', () => {
    const message = [
      '{"message_type":"error","error":{"message":"no space left on device"},"during":"restore","item":"/big"}',
      '{"message_type":"exit_error","code":1,"message":"Fatal: There were 1 errors"}',
    ].join('\n');
    expect(readRestoreRun(jobWith(), podWith({ restic: { exitCode: 1, message } }))).toMatchObject({
      failure: { message: 'restic failed (exit code 1): /big: no space left on device; Fatal: There were 1 errors.' },
    });
  });

  it('says that memory was short, or that the pod was taken away', () => {
    const killed = podWith({ restic: { exitCode: 137, reason: 'OOMKilled' } });
    expect(readRestoreRun(jobWith('Failed'), killed)).toMatchObject({ failure: { cause: 'memory' } });
    const conditions = [{ type: 'DisruptionTarget', status: 'True', message: 'the node is drained' }];
    const evicted = podWith({}, {}, { conditions });
    expect(readRestoreRun(jobWith('Failed'), evicted)).toMatchObject({
      failure: { cause: 'disrupted', message: "The mover's pod was taken away: the node is drained." },
    });
    expect(readRestoreRun(jobWith('Failed'), undefined)).toMatchObject({
      failure: { message: "The mover's Job failed: the Job says so." },
    });
  });

  it('says what keeps a pod from starting', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: 'no node has room.' }];
    expect(readRestoreRun(jobWith(), podWith({}, {}, { conditions }))).toEqual({
      kind: 'starting',
      stuck: "The mover's pod pod cannot be scheduled: no node has room.",
    });
    expect(readRestoreRun(jobWith(), podWith({ look: 'ImagePullBackOff' }))).toMatchObject({
      stuck: "The mover's pod pod cannot start: ImagePullBackOff.",
    });
  });
});
