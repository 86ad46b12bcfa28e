import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideLocks, type LockDecision, type LockPurpose, type RepositoryLock } from './repository-lock.ts';

const MINUTE = 60_000;
const now = Date.UTC(2030, 0, 1, 12);
const holder = { hostname: 'mover-1', pid: 33 };

const lockOf = (ageMinutes: number, more: Partial<RepositoryLock> = {}): RepositoryLock => {
  const timeMilliseconds = now - ageMinutes * MINUTE;
  return {
    id: 'a'.repeat(64),
    timeMilliseconds,
    modifiedMilliseconds: timeMilliseconds,
    exclusive: true,
    holder,
    ...more,
  };
};

const decide = (locks: readonly RepositoryLock[], purpose: LockPurpose = 'restore') =>
  decideLocks({ locks, purpose, nowMilliseconds: now, repositoryPath: 'shop/db' });

const messageOf = ({ verdict }: LockDecision): string => (verdict.kind === 'wait' ? verdict.message : 'free');

const unread = { timeMilliseconds: undefined, holder: undefined };

describe('decideLocks', () => {
  it('finds a repository without locks free', () => {
    expect(decide([])).toEqual({ stale: [], verdict: { kind: 'free' } });
  });

  it('removes what was not renewed for 35 minutes, and then finds the repository free', () => {
    const exclusive = lockOf(35);
    const shared = lockOf(120, { id: 'b'.repeat(64), exclusive: false });
    expect(decide([exclusive, shared])).toEqual({ stale: [exclusive, shared], verdict: { kind: 'free' } });
  });

  it('lets a restore wait for an exclusive lock, and says whose it is and when its holder counts as dead', () => {
    const { stale, verdict } = decide([lockOf(34)]);
    expect(stale).toEqual([]);
    expect(verdict).toEqual({
      kind: 'wait',
      needsPerson: false,
      lookAgainMilliseconds: MINUTE,
      message:
        'repository shop/db is locked for exclusive use by PID 33 on mover-1, last heard of at 2030-01-01T11:26:00Z. A living holder ends by itself; if this one is dead and does not renew the lock, Rebound removes it at 2030-01-01T12:01:00Z',
    });
  });

  it('lets no restore wait for a backup, which does not lock it out', () => {
    expect(decide([lockOf(1, { exclusive: false })])).toEqual({ stale: [], verdict: { kind: 'free' } });
  });

  it('looks at what keeps backups away again only when it will be stale', () => {
    expect(decide([lockOf(5, { exclusive: false })], 'backup')).toMatchObject({
      stale: [],
      verdict: { kind: 'wait', lookAgainMilliseconds: 30 * MINUTE },
    });
  });

  it.each([
    [0, 10_000],
    [3, 30_000],
    [20, 60_000],
    [34.9, 6_000],
  ])('looks at a lock of %d minutes again after %d ms', (ageMinutes, milliseconds) => {
    expect(decide([lockOf(ageMinutes)]).verdict).toMatchObject({ lookAgainMilliseconds: milliseconds });
  });

  it('waits for the last of several locks', () => {
    expect(messageOf(decide([lockOf(20), lockOf(2), lockOf(30)]))).toContain('removes it at 2030-01-01T12:33:00Z');
  });

  it('goes by the later of the two clocks', () => {
    const renewed = lockOf(60, { modifiedMilliseconds: now - MINUTE });
    const stored = lockOf(1, { modifiedMilliseconds: now - 60 * MINUTE });
    for (const lock of [renewed, stored]) {
      expect(decide([lock]).stale).toEqual([]);
      expect(messageOf(decide([lock]))).toContain('removes it at 2030-01-01T12:34:00Z');
    }
  });

  it("goes by the store's clock for a lock that can't be read", () => {
    const lock = lockOf(36, unread);
    expect(decide([lock]).stale).toEqual([lock]);
    const waiting = decide([lockOf(34, unread)]);
    expect(waiting.stale).toEqual([]);
    expect(messageOf(waiting)).toContain('by an unknown holder, last heard of at 2030-01-01T11:26:00Z');
  });

  it.each([
    ['whose age nobody knows', lockOf(0, { ...unread, modifiedMilliseconds: undefined })],
    ['that the store has no time of', lockOf(600, { modifiedMilliseconds: undefined })],
    ['from the future', lockOf(-600)],
  ])('calls for a person before a lock %s', (_, lock) => {
    expect(decide([lock])).toMatchObject({ stale: [], verdict: { kind: 'wait', needsPerson: true } });
    expect(messageOf(decide([lock]))).toContain('run "restic unlock --remove-all"');
  });
});

describe('properties of the decision on locks', () => {
  const time = fc.option(
    fc.integer({ min: -60, max: 60 }).map((minutes) => now + minutes * MINUTE),
    { nil: undefined },
  );
  const anyLock = fc.record({
    id: fc.uuid(),
    timeMilliseconds: time,
    modifiedMilliseconds: time,
    exclusive: fc.boolean(),
  });
  const anyLocks = fc.array(anyLock, { maxLength: 5 });
  const anyPurpose = fc.constantFrom<LockPurpose>('restore', 'backup');

  it('invariant 15: a lock whose holder may be at work is never removed', () => {
    fc.assert(
      fc.property(anyLocks, anyPurpose, (locks, purpose) => {
        for (const { timeMilliseconds, modifiedMilliseconds } of decide(locks, purpose).stale) {
          expect(modifiedMilliseconds).toBeLessThanOrEqual(now - 35 * MINUTE);
          expect(timeMilliseconds ?? -Infinity).toBeLessThanOrEqual(now - 35 * MINUTE);
        }
      }),
    );
  });

  it('invariant 15: free means that no lock is left which keeps restic out', () => {
    fc.assert(
      fc.property(anyLocks, anyPurpose, (locks, purpose) => {
        const { stale, verdict } = decide(locks, purpose);
        const left = locks.filter((lock) => !stale.includes(lock) && (lock.exclusive || purpose === 'backup'));
        expect(verdict.kind).toBe(left.length === 0 ? 'free' : 'wait');
      }),
    );
  });

  it('invariant 10: whatever waits says for whom, and is looked at again', () => {
    fc.assert(
      fc.property(anyLocks, anyPurpose, (locks, purpose) => {
        const { verdict } = decide(locks, purpose);
        fc.pre(verdict.kind === 'wait');
        expect(verdict.message).toMatch(/^repository shop\/db is locked .*by an unknown holder/);
        expect(verdict.message).toMatch(verdict.needsPerson ? /run "restic unlock/ : /Rebound removes it at 20/);
        expect(verdict.lookAgainMilliseconds).toBeGreaterThan(0);
        expect(verdict.lookAgainMilliseconds).toBeLessThanOrEqual(35 * MINUTE);
      }),
    );
  });

  it('a lock that is not renewed is removed when its time has come', () => {
    fc.assert(
      fc.property(anyLocks, (locks) => {
        const { verdict } = decide(locks);
        fc.pre(verdict.kind === 'wait' && !verdict.needsPerson);
        const later = decideLocks({
          locks,
          purpose: 'restore',
          nowMilliseconds: now + 40 * MINUTE,
          repositoryPath: 'shop/db',
        });
        expect(later.verdict.kind).toBe('free');
      }),
    );
  });
});
