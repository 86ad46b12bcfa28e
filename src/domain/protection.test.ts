import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeProtection, type ProtectionFacts } from './protection.ts';

const lastBackup = { id: 'ab12cd34'.repeat(8), time: '2026-01-02T03:04:05Z' };
const fine: ProtectionFacts = {
  tier: 'hourly',
  policyExists: true,
  suspended: false,
  gate: { open: true },
  emptyVolume: false,
  lastBackup,
};
const closed = { open: false, reason: 'ClaimPending', message: 'The claim is not bound yet.' } as const;
const unproven = { open: false, reason: 'BoundUnproven', message: 'Bound elsewhere.' } as const;

const maybe = (text: string) => fc.constantFrom(undefined, text);
const facts: fc.Arbitrary<ProtectionFacts> = fc.record({
  tier: fc.constant('hourly'),
  policyExists: fc.boolean(),
  suspended: fc.boolean(),
  gate: fc.constantFrom({ open: true } as const, closed, unproven),
  restoreMessage: maybe('restoring'),
  repositoryProblem: maybe('no Secret'),
  annotationProblem: maybe('malformed'),
  moverComplaint: maybe('Fatal: no'),
  missingSnapshot: maybe('not there'),
  unconfirmed: maybe('no answer'),
  collapse: maybe('it fell'),
  emptyVolume: fc.boolean(),
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
    });
  });

  it.each<[string, Partial<ProtectionFacts>, string, string]>([
    ['a label that names no policy', { policyExists: false }, 'Degraded', 'UnknownTier'],
    ['a claim that is not bound', { gate: closed }, 'Waiting', 'ClaimPending'],
    ['a restore under way', { gate: closed, restoreMessage: 'half done' }, 'Restoring', 'ClaimPending'],
    ['a claim bound elsewhere', { gate: unproven }, 'Degraded', 'BoundUnproven'],
    ['a malformed annotation', { annotationProblem: 'malformed' }, 'Degraded', 'MalformedAnnotation'],
    ['a suspended policy', { suspended: true }, 'Suspended', 'Suspended'],
    ['a repository that cannot be opened', { repositoryProblem: 'no Secret' }, 'Degraded', 'RepositoryUnavailable'],
    ['a failing mover', { moverComplaint: 'Fatal: no' }, 'Degraded', 'BackupFailing'],
    ['a success without a snapshot', { missingSnapshot: 'not there' }, 'Degraded', 'SnapshotMissing'],
    ['a success that could not be checked', { unconfirmed: 'no answer' }, 'Degraded', 'Unconfirmed'],
    ['a collapse', { collapse: 'it fell' }, 'Degraded', 'ContentCollapsed'],
    ['an empty volume', { emptyVolume: true }, 'BackingUp', 'EmptyVolume'],
    ['no backup yet', { lastBackup: undefined }, 'BackingUp', 'FirstBackupPending'],
  ])('names %s', (_, change, phase, reason) => {
    expect(judgeProtection({ ...fine, ...change })).toMatchObject({ phase, reason, ready: false });
  });

  it('tells, whatever is wrong with backups, which is the last good one', () => {
    for (const problem of ['repositoryProblem', 'moverComplaint', 'missingSnapshot', 'unconfirmed', 'collapse']) {
      const verdict = judgeProtection({ ...fine, [problem]: 'something' });
      expect(verdict.message).toContain('The last good backup is ab12cd34 of 2026-01-02T03:04:05Z.');
    }
    const none = judgeProtection({ ...fine, lastBackup: undefined, moverComplaint: 'Fatal: no' });
    expect(none.message).toContain('There is no backup of this claim yet.');
  });

  it('says yes to "am I safe?" only where a backup was found and nothing at all is known to be wrong', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const verdict = judgeProtection(some);
        const { gate, tier, policyExists, suspended, emptyVolume, lastBackup: found, ...problems } = some;
        const isWell = Object.values({ ...problems, restoreMessage: undefined }).every((one) => one === undefined);
        expect(verdict.ready).toBe(
          gate.open && policyExists && !suspended && !emptyVolume && found !== undefined && isWell && tier !== '',
        );
        expect(verdict.ready).toBe(verdict.phase === 'Protected');
        expect(verdict.ready && verdict.stalled).toBe(false);
        expect(verdict.message).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});
