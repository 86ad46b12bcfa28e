import { describe, expect, it } from 'vitest';
import { readBackupRun } from './backup-run.ts';
import { deletedJob, jobWith, podWith } from '#doubles/mover/mover-objects.ts';

const good = { exitCode: 0 };
const snapshot = {
  snapshotId: 'a'.repeat(64),
  time: '2026-01-01T00:00:00Z',
  files: 2,
  directories: 1,
  sizeBytes: 30,
};

describe('readBackupRun', () => {
  it('follows a mover from its start to its end', () => {
    expect(readBackupRun(jobWith(undefined, true), undefined)).toEqual({ kind: 'suspended' });
    expect(readBackupRun(jobWith(), undefined)).toEqual({ kind: 'starting' });
    expect(readBackupRun(jobWith(), podWith({}))).toEqual({ kind: 'saving' });
    expect(readBackupRun(jobWith(), podWith({ restic: good }))).toEqual({ kind: 'recording' });
    const recorded = podWith({ restic: good }, { record: { exitCode: 0, message: JSON.stringify(snapshot) } });
    expect(readBackupRun(jobWith(), recorded)).toEqual({ kind: 'recorded', snapshot });
  });

  it('invariant 10: has not started while its first container waits without a word, as where a volume cannot be mounted', () => {
    const waits = podWith({ look: 'PodInitializing' }, {}, { phase: 'Pending' });
    expect(readBackupRun(jobWith(), waits)).toEqual({ kind: 'starting' });
    const unseen = podWith({}, {}, { phase: 'Pending' });
    expect(readBackupRun(jobWith(), unseen)).toEqual({ kind: 'starting' });
    const looked = podWith({ look: good, restic: 'PodInitializing' }, {}, { phase: 'Pending' });
    expect(readBackupRun(jobWith(), looked)).toEqual({ kind: 'saving' });
  });

  it('is recorded where the Job says so and the pod is gone', () => {
    expect(readBackupRun(jobWith('Complete'), undefined)).toEqual({ kind: 'recorded' });
  });

  it('is not failed by a pod that the Job replaces', () => {
    const evicted = podWith({ restic: { exitCode: 143 } });
    expect(readBackupRun(jobWith(), evicted)).toEqual({ kind: 'saving' });
    expect(readBackupRun(jobWith('Failed'), evicted)).toMatchObject({ kind: 'failed' });
  });

  it('invariant 10: has failed where somebody deleted its Job, and no pod goes on', () => {
    const evicted = podWith({ look: good }, {}, { phase: 'Failed' });
    for (const run of [
      readBackupRun(deletedJob(true), undefined),
      readBackupRun(deletedJob(), undefined),
      readBackupRun(deletedJob(), evicted),
    ]) {
      if (run.kind !== 'failed') expect.unreachable(run.kind);
      expect(run.failure.message).toContain('Somebody has deleted Job job');
    }
    expect(readBackupRun(deletedJob(), podWith({ look: good }, {}, { phase: 'Running' }))).toEqual({ kind: 'saving' });
    const recorded = podWith({ restic: good }, { record: { exitCode: 0, message: JSON.stringify(snapshot) } });
    expect(readBackupRun(deletedJob(), recorded)).toEqual({ kind: 'recorded', snapshot });
  });

  it('invariant 11: is not recorded where the record failed or says nothing', () => {
    for (const end of [{ exitCode: 1, message: 'no answer' }, { exitCode: 0 }]) {
      const pod = podWith({ restic: good }, { record: end });
      expect(readBackupRun(jobWith('Failed'), pod)).toMatchObject({ kind: 'failed' });
    }
  });

  it('tells a backup that left files out', () => {
    const message =
      '{"message_type":"error","error":{"message":"permission denied"},"during":"archival","item":"/data/a"}';
    const run = readBackupRun(jobWith('FailureTarget'), podWith({ restic: { exitCode: 3, message } }));
    expect(run).toEqual({ kind: 'partial', unreadable: { count: 1, first: ['/data/a: permission denied'] } });
  });

  it('tells a volume that holds nothing from a look that failed', () => {
    const looked = (message: string) => podWith({ look: { exitCode: 1, message } });
    const empty = JSON.stringify({ names: [], hasMore: false });
    expect(readBackupRun(jobWith('Failed'), looked(empty))).toEqual({ kind: 'empty' });
    expect(readBackupRun(jobWith('Failed'), looked('EIO'))).toMatchObject({ kind: 'failed', isWhole: false });
  });

  it('knows of a run that could not be recorded that its snapshot lacks nothing', () => {
    const pod = podWith({ restic: good }, { record: { exitCode: 1, message: 'no answer' } });
    expect(readBackupRun(jobWith('Failed'), pod)).toMatchObject({ kind: 'failed', isWhole: true });
  });

  it('knows the same of a run whose pod was taken away before it was recorded, and of no other', () => {
    expect(readBackupRun(jobWith('Failed'), podWith({ restic: good }))).toMatchObject({
      kind: 'failed',
      isWhole: true,
    });
    expect(readBackupRun(jobWith('Failed'), podWith({}))).toMatchObject({ kind: 'failed', isWhole: false });
    expect(readBackupRun(jobWith('Failed'), undefined)).toMatchObject({ kind: 'failed', isWhole: false });
  });
});
