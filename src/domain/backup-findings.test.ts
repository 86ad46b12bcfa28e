import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterRun, afterRuns, type BackupMemory, type JudgedRun, reasonsToKeepAll } from './backup-findings.ts';

const time = (hour: number): string => new Date(Date.UTC(2030, 0, 1, hour)).toISOString();
const snapshotOf = (hour: number) => ({ id: String(hour).padStart(64, '0'), time: time(hour) });

const kinds = fc.array(fc.constantFrom<JudgedRun['kind'][]>('good', 'collapsed', 'partial', 'empty', 'missing'), {
  maxLength: 20,
});

function runOf(kind: JudgedRun['kind'], hour: number): JudgedRun {
  switch (kind) {
    case 'good':
    case 'collapsed':
      return { kind, snapshot: snapshotOf(hour), isTriedAgain: false };
    case 'partial':
      return { kind, snapshot: snapshotOf(hour), isTriedAgain: false, message: 'lacks files' };
    case 'empty':
    case 'missing':
      return { kind, time: time(hour), message: 'none' };
  }
}

const after = (all: readonly JudgedRun['kind'][]): BackupMemory =>
  all.map(runOf).reduce<BackupMemory>((memory, run) => afterRun(memory, run), {});

const closed = { isUnconfirmed: false, isOverdue: false, isPruningRefused: false };

describe('what is remembered of backups', () => {
  it('the last backup is the newest good one, whatever came after it', () => {
    fc.assert(
      fc.property(kinds, (all) => {
        const hour = all.lastIndexOf('good');
        expect(after(all).lastBackup).toEqual(hour < 0 ? undefined : snapshotOf(hour));
      }),
    );
  });

  it('a snapshot that a later try saved holds what the volume held when its run copied it', () => {
    const tried = (hour: number): JudgedRun => ({ kind: 'good', snapshot: snapshotOf(hour), isTriedAgain: true });
    const retried = afterRuns({}, [tried(1), tried(2)]);
    expect(retried.lastBackup).toEqual({ ...snapshotOf(2), dataTime: time(1) });
    expect(afterRun(retried, tried(2)).lastBackup).toEqual({ ...snapshotOf(2), dataTime: time(1) });
    const ended = afterRun(retried, runOf('good', 3));
    expect(ended.lastBackup).toEqual({ ...snapshotOf(3), dataTime: time(1) });
    expect(afterRun(ended, runOf('good', 4)).lastBackup).toEqual(snapshotOf(4));
  });

  it('invariant 4: after a missing snapshot everything is kept until a good backup', () => {
    fc.assert(
      fc.property(kinds, kinds, (earlier, later) => {
        const memory = after([...earlier, 'missing', ...later.filter((kind) => kind !== 'good')]);
        expect(memory.lastFinding?.kind).toBe('SnapshotMissing');
        expect(reasonsToKeepAll({ ...memory, ...closed })).toContain('SnapshotMissing');
      }),
    );
  });

  it('a good backup ends what was found wrong, and the retention of the tier holds again', () => {
    fc.assert(
      fc.property(kinds, (earlier) => {
        const memory = after([...earlier, 'good']);
        expect(memory.lastFinding).toBeUndefined();
        expect(reasonsToKeepAll({ ...memory, ...closed })).toEqual([]);
      }),
    );
  });

  it('a partial backup stays found where a good one that was taken before it is looked at after it', () => {
    const memory = afterRun(afterRun({}, runOf('partial', 2)), runOf('good', 1));
    expect(memory).toMatchObject({ lastBackup: snapshotOf(1), lastFinding: { kind: 'BackupPartial' } });
    expect(afterRun(memory, runOf('good', 3)).lastFinding).toBeUndefined();
  });

  it('a partial backup is found although a snapshot was missing before the good one that it follows', () => {
    const missing = afterRun({}, runOf('missing', 0));
    const memory = afterRuns(missing, [runOf('partial', 2), runOf('good', 1)]);
    expect(memory).toMatchObject({ lastBackup: snapshotOf(1), lastFinding: { kind: 'BackupPartial' } });
  });

  it('a partial backup that is older than the last good one is no news', () => {
    const memory = after(['partial', 'good']);
    expect(afterRun(memory, runOf('partial', 0))).toEqual(memory);
  });

  it('invariant 4: whatever is open keeps everything', () => {
    const good = after(['good']);
    expect(reasonsToKeepAll({ ...closed })).toEqual(['NoBackupYet']);
    expect(reasonsToKeepAll({ ...good, ...closed, isUnconfirmed: true })).toEqual(['Unconfirmed']);
    expect(reasonsToKeepAll({ ...good, ...closed, isOverdue: true })).toEqual(['BackupOverdue']);
    expect(reasonsToKeepAll({ ...good, ...closed, restoreFinding: { kind: 'OlderRestored' } })).toEqual([
      'OlderRestored',
    ]);
    const collapse = { since: time(1), good: snapshotOf(0), message: 'it fell' };
    expect(reasonsToKeepAll({ ...good, ...closed, collapse })).toEqual(['ContentCollapsed']);
  });
});
