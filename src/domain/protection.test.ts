import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeProtection, type ProtectionFacts } from './protection.ts';

const lastBackup = { id: 'ab12cd34'.repeat(8), time: '2026-01-02T03:04:05Z' };
const fine: ProtectionFacts = {
  tier: 'hourly',
  policyExists: true,
  suspended: false,
  gate: { open: true },
  claimAgeMilliseconds: 0,
  scheduleAgeMilliseconds: 0,
  isOverdue: false,
  lastBackup,
  backupAdvice: 'look at the movers',
};
const closed = { open: false, reason: 'ClaimPending', message: 'Not bound yet.', advice: 'Start the pod.' } as const;
const restoring = {
  open: false,
  reason: 'RestorePending',
  message: 'Not proven.',
  advice: 'Look at the log.',
} as const;
const lost = { open: false, reason: 'VolumeLost', message: 'The volume is gone.' } as const;
const unproven = { open: false, reason: 'BoundUnproven', message: 'Bound elsewhere.' } as const;

const time = lastBackup.time;
const partial = { kind: 'BackupPartial', time, message: 'snapshot 22222222 lacks 2 files' } as const;
const missing = { kind: 'SnapshotMissing', time, message: 'not there' } as const;
const emptied = { kind: 'EmptyVolume', time, message: 'The volume holds no file.' } as const;
const collapse = { snapshotId: 'c0115e00'.repeat(8), since: time, good: lastBackup, message: 'it fell' };

const maybe = (text: string) => fc.constantFrom(undefined, text);
const facts: fc.Arbitrary<ProtectionFacts> = fc.record({
  tier: fc.constant('hourly'),
  policyExists: fc.boolean(),
  suspended: fc.boolean(),
  claimAgeMilliseconds: fc.nat(),
  scheduleAgeMilliseconds: fc.nat(),
  backupAdvice: fc.constant('look at the movers'),
  gate: fc.constantFrom({ open: true } as const, closed, restoring, lost, unproven),
  restoreMessage: maybe('restoring'),
  repositoryProblem: maybe('no Secret'),
  annotationProblem: maybe('malformed'),
  backupTrouble: maybe('Fatal: no'),
  unconfirmed: maybe('no answer'),
  lastFinding: fc.constantFrom(undefined, partial, missing, emptied),
  collapse: fc.constantFrom(undefined, collapse),
  isOverdue: fc.boolean(),
  lastBackup: fc.constantFrom(undefined, lastBackup),
});

describe('judgeProtection', () => {
  it('says Protected where a backup was found and nothing is wrong', () => {
    expect(judgeProtection(fine)).toEqual({
      phase: 'Protected',
      ready: true,
      stalled: false,
      reason: 'Protected',
      message: 'Snapshot ab12cd34 of 2026-01-02T03:04:05Z was found in the destination.',
      telling: { when: 'new' },
    });
  });

  it.each<[string, Partial<ProtectionFacts>, string, string]>([
    ['a label that names no policy', { policyExists: false }, 'Degraded', 'UnknownTier'],
    ['a claim that is not bound', { gate: closed }, 'Waiting', 'ClaimPending'],
    ['a restore under way', { gate: restoring, restoreMessage: 'half done' }, 'Restoring', 'RestorePending'],
    ['a claim that lost its volume', { gate: lost, policyExists: false }, 'Degraded', 'VolumeLost'],
    ['a claim bound elsewhere', { gate: unproven }, 'Degraded', 'BoundUnproven'],
    ['a malformed annotation', { annotationProblem: 'malformed' }, 'Degraded', 'MalformedAnnotation'],
    ['a suspended policy', { suspended: true }, 'Suspended', 'Suspended'],
    ['a repository that cannot be opened', { repositoryProblem: 'no Secret' }, 'Degraded', 'RepositoryUnavailable'],
    ['a failing mover', { backupTrouble: 'Fatal: no' }, 'Degraded', 'BackupFailing'],
    ['a success without a snapshot', { lastFinding: missing }, 'Degraded', 'SnapshotMissing'],
    ['a backup that left files out', { lastFinding: partial }, 'Degraded', 'BackupPartial'],
    ['no good backup for too long', { isOverdue: true }, 'Degraded', 'BackupOverdue'],
    ['a mover that fails at once', { lastBackup: undefined, backupTrouble: 'Fatal: no' }, 'Degraded', 'BackupFailing'],
    ['a success that could not be checked', { unconfirmed: 'no answer' }, 'Degraded', 'Unconfirmed'],
    ['a collapse', { collapse }, 'Degraded', 'ContentCollapsed'],
    ['an empty volume', { lastFinding: emptied }, 'BackingUp', 'EmptyVolume'],
    ['no backup yet', { lastBackup: undefined }, 'BackingUp', 'FirstBackupPending'],
  ])('names %s', (_, change, phase, reason) => {
    expect(judgeProtection({ ...fine, ...change })).toMatchObject({ phase, reason, ready: false });
  });

  it('tells, whatever is wrong with backups, which is the last good one', () => {
    expect(judgeProtection({ ...fine, gate: lost }).message).toContain('The last good backup is ab12cd34');
    const problems: Partial<ProtectionFacts>[] = [
      { repositoryProblem: 'something' },
      { backupTrouble: 'something.' },
      { unconfirmed: 'something' },
      { lastFinding: missing },
      { lastFinding: partial },
      { collapse },
      { isOverdue: true },
    ];
    for (const problem of problems) {
      const verdict = judgeProtection({ ...fine, ...problem });
      expect(verdict.message).not.toContain('..');
      expect(verdict.message).toContain('The last good backup is ab12cd34 of 2026-01-02T03:04:05Z.');
    }
    const none = judgeProtection({ ...fine, lastBackup: undefined, backupTrouble: 'Fatal: no' });
    expect(none.message).toContain('There is no backup of this claim yet.');
    const restored = judgeProtection({ ...fine, lastBackup: undefined, restoredFrom: lastBackup, gate: lost });
    expect(restored.message).toContain(
      'restored from snapshot ab12cd34 of 2026-01-02T03:04:05Z, and not backed up since',
    );
  });

  it('names after a collapse the good snapshot to restore and the collapsed one to accept', () => {
    const { message } = judgeProtection({ ...fine, collapse });
    expect(message).toContain('rebound.dev/restore: "ab12cd34"');
    expect(message).toContain('rebound.dev/accept-collapse: "c0115e00"');
    const { snapshotId: _none, ...emptiedCompletely } = collapse;
    const { message: ofEmptied } = judgeProtection({ ...fine, collapse: emptiedCompletely });
    expect(ofEmptied).toContain(`rebound.dev/accept-collapse: "${collapse.since}"`);
  });

  it('invariant 10: tells waits only when they last, and then what to do', () => {
    const ages = { claimAgeMilliseconds: 30_000, scheduleAgeMilliseconds: 30_000 };
    const first = { lastBackup: undefined };
    for (const wait of [{ gate: closed }, { gate: restoring }, first]) {
      const early = judgeProtection({ ...fine, ...wait });
      expect(early.telling).toEqual({ when: 'lasting', graceLeftMilliseconds: 30_000 });
      const late = judgeProtection({ ...fine, ...wait, ...ages });
      expect(late).toMatchObject({ stalled: false, telling: { when: 'lasting', graceLeftMilliseconds: 0 } });
      expect(late.message.length).toBeGreaterThan(early.message.length);
    }
    const empty = judgeProtection({ ...fine, ...ages, lastFinding: emptied });
    expect(empty.telling).toEqual({ when: 'lasting', graceLeftMilliseconds: 90_000 });
  });

  it('leaves the telling to a restore that speaks for itself, and does not put its words to another wait', () => {
    const age = { claimAgeMilliseconds: 3_600_000, restoreMessage: 'Proven: all came back.' };
    const one = judgeProtection({ ...fine, ...age, gate: restoring });
    expect(one).toMatchObject({ message: 'Proven: all came back.', telling: { when: 'never' } });
    const other = judgeProtection({ ...fine, ...age, gate: closed });
    expect(other).toMatchObject({ phase: 'Restoring', message: 'Not bound yet.', telling: { when: 'never' } });
  });

  it('invariant 10: tells at once what a person may have to mend', () => {
    for (const wrong of [{ gate: lost }, { gate: unproven }, { backupTrouble: 'Fatal: no' }, { policyExists: false }]) {
      expect(judgeProtection({ ...fine, ...wrong })).toMatchObject({ stalled: true, telling: { when: 'new' } });
    }
  });

  it('says yes to "am I safe?" only where a backup was found and nothing at all is known to be wrong', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const verdict = judgeProtection(some);
        const { gate, tier, policyExists, suspended, isOverdue, lastBackup: found, ...rest } = some;
        const { claimAgeMilliseconds: _claim, scheduleAgeMilliseconds: _schedule, ...problems } = rest;
        const isWell = Object.values({ ...problems, restoreMessage: undefined }).every((one) => one === undefined);
        expect(verdict.ready).toBe(
          gate.open && policyExists && !suspended && !isOverdue && found !== undefined && isWell && tier !== '',
        );
        expect(verdict.ready).toBe(verdict.phase === 'Protected');
        expect(verdict.ready && verdict.stalled).toBe(false);
        expect(verdict.message).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});
