import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../destinations/outcome.ts';
import { objectKey } from '../kube/model/kind.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { remember } from '#simulation/past.ts';
import { World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;

beforeEach(() => {
  world = new World();
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const locks = (): string[] => world.destination.restic.locks;
const lock = (ageMilliseconds: number, exclusive = true): string =>
  world.destination.restic.addLock(world.now() - ageMilliseconds, exclusive);
const lockListings = (): string[] =>
  world.destination.restic.store.calls.filter((call) => /LIST .*\/locks\//.test(call));
const eventOf = (reason: string) => world.events.find((event) => event.reason === reason);

describe('a claim whose repository is locked', () => {
  let snapshot: TrueSnapshot;

  beforeEach(() => {
    snapshot = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    remember(world);
  });

  it('invariant 7: is restored in spite of what dead processes have left', async () => {
    lock(2 * HOUR_MILLISECONDS);
    lock(2 * HOUR_MILLISECONDS, false);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    expect(locks()).toEqual([]);
    expect(world.told.filter((reason) => reason === 'StaleLockRemoved')).toHaveLength(2);
    expect(eventOf('StaleLockRemoved')).toMatchObject({ type: 'Normal' });
    expect(eventOf('StaleLockRemoved')?.message).toContain('PID 33 on mover-1');
    expect(world.told).not.toContain('RepositoryLocked');
  });

  it('is restored where the key may not remove the locks of dead backups, which keep no restore out', async () => {
    lock(2 * HOUR_MILLISECONDS, false);
    const faultBefore = world.destination.restic.store.fault;
    world.destination.restic.store.fault = (call) =>
      call.startsWith('DELETE') ? failure('AccessDenied', 'Access Denied') : faultBefore?.(call);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    expect(locks()).toHaveLength(1);
  });

  it('invariants 10 and 15: waits for a living process, says so, and goes on after it', async () => {
    const held = lock(0);
    world.createClaim('restore');
    for (let minute = 0; minute < 3; minute += 1) await world.calmRound();
    expect(locks()).toEqual([held]);
    expect(world.attempts.filter(({ spec }) => spec['paused'] !== true)).toEqual([]);
    expect(world.claim?.status?.phase).toBe('Pending');
    const ready = world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'RepositoryLocked' });
    expect(eventOf('RepositoryLocked')?.message).toBe(ready?.message);
    expect(ready?.message).toMatch(/no data is at risk: .*PID 33 on mover-1.*Rebound removes it at/);

    world.destination.restic.removeLock(held);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('looks again after seconds at first, and no later than when the lock is stale', async () => {
    const first = lock(0);
    world.createClaim('restore');
    await world.until(({ told }) => told.includes('RepositoryLocked'));
    world.destination.restic.removeLock(first);
    const look = async (ageMilliseconds: number) => {
      const held = lock(ageMilliseconds);
      world.process.copies.seeEverything();
      const result = await world.process.restores.reconcile(world.restoreKeys[0] ?? '');
      world.destination.restic.removeLock(held);
      return result;
    };
    expect(await look(0)).toEqual({ kind: 'requeueAfter', milliseconds: 10_000 });
    expect(await look(20 * 60_000)).toEqual({ kind: 'requeueAfter', milliseconds: 60_000 });
    expect(await look(35 * 60_000 - 5_000)).toEqual({ kind: 'requeueAfter', milliseconds: 5_000 });
  });

  it('is restored when a lock that nobody renews has become stale', async () => {
    lock(0);
    world.createClaim('restore');
    for (let minute = 0; minute < 34; minute += 1) await world.calmRound();
    expect(locks()).toHaveLength(1);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    expect(world.told).toContain('StaleLockRemoved');
  });

  it('invariant 10: waits and says why when the store does not let the lock be removed', async () => {
    lock(2 * HOUR_MILLISECONDS);
    const { store } = world.destination.restic;
    store.fault = (call) => (call.startsWith('DELETE') ? failure('AccessDenied', 'HTTP 403') : undefined);
    world.createClaim('restore');
    await world.calmRound();
    await world.calmRound();
    expect(world.attempts.filter(({ spec }) => spec['paused'] !== true)).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain("locked by a dead process, and its lock can't be removed: HTTP 403");
    store.fault = undefined;
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('invariant 7: is restored in spite of a key that keeps movers out, of which a copy is kept', async () => {
    world.destination.restic.addStrayKey();
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    expect(world.told).toContain('KeySetAside');
    const copies = [...world.destination.restic.store.objects.keys()].filter((key) => key.includes('/removed-keys/'));
    expect(copies).toHaveLength(1);
  });

  it('is freed of a key that a mover ran into', async () => {
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts.length > 0);
    world.destination.restic.addStrayKey();
    for (let minute = 0; minute < 3; minute += 1) await world.calmRound();
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('is freed of a lock that a mover ran into', async () => {
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts.length > 0);
    lock(0);
    for (let minute = 0; minute < 3; minute += 1) await world.calmRound();
    expect(isCompleted(world)).toBe(false);
    expect(world.told).toContain('RepositoryLocked');
    world.wait(HOUR_MILLISECONDS);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    expect(locks()).toEqual([]);
  });
});

describe('backups of a claim', () => {
  beforeEach(async () => {
    world.createClaim('fresh');
    world.scale(1);
    await world.until(({ schedule, isAppRunning }) => schedule !== undefined && isAppRunning);
    world.write(() => full);
    world.backUp('complete');
    await world.look();
  });

  const newest = () => world.truth.newest?.timeMilliseconds ?? 0;

  it.each([true, false])('go well again after a process died with its lock (exclusive: %s)', async (exclusive) => {
    lock(2 * HOUR_MILLISECONDS, exclusive);
    const before = newest();
    world.backUp('complete');
    expect(newest()).toBe(before);
    await world.look();
    expect(locks()).toEqual([]);
    expect(world.told).toContain('StaleLockRemoved');
    world.backUp('complete');
    expect(newest()).toBeGreaterThan(before);
  });

  it('are freed of a dead lock on which their forget runs, long before the engine gives the run up', async () => {
    lock(2 * HOUR_MILLISECONDS, false);
    world.backUp('forgetFails');
    await world.look();
    expect(locks()).toEqual([]);
    expect(world.told).toContain('StaleLockRemoved');
  });

  it('invariant 15: leave the lock of a living process, and look again when it would be stale', async () => {
    const held = lock(5 * 60_000, false);
    world.backUp('complete');
    await world.look();
    expect(locks()).toEqual([held]);
    const result = await world.process.protections.reconcile(objectKey(world.claim?.metadata ?? { name: '' }));
    expect(result).toMatchObject({ kind: 'requeueAfter' });
    expect(result.kind === 'requeueAfter' && result.milliseconds).toBeLessThanOrEqual(30 * 60_000);
    world.wait(31 * 60_000);
    await world.look();
    expect(locks()).toEqual([]);
  });

  it('invariant 2: are freed of a dead lock although the store was empty when it was first looked for', async () => {
    lock(2 * HOUR_MILLISECONDS);
    world.backUp('complete');
    const before = newest();
    // Right after a look at the store's identity, which is believed for some seconds.
    await world.process.protections.reconcile(objectKey(world.claim?.metadata ?? { name: '' }));
    world.destination.mood = 'emptied';
    world.process.copies.seeEverything();
    await world.process.protections.reconcile(objectKey(world.claim?.metadata ?? { name: '' }));
    expect(locks()).toHaveLength(1);
    world.destination.mood = 'answers';
    for (let minute = 0; minute < 2; minute += 1) await world.calmRound();
    expect(locks()).toEqual([]);
    world.backUp('complete');
    expect(newest()).toBeGreaterThan(before);
  });

  it('cost no listing of locks while they go well, or fail for another reason', async () => {
    for (const end of ['complete', 'error', 'complete'] as const) {
      world.backUp(end);
      await world.calmRound();
    }
    expect(lockListings()).toEqual([]);
  });

  it('cost one listing of locks for each failure that a lock may have caused', async () => {
    lock(2 * HOUR_MILLISECONDS);
    world.backUp('complete');
    for (let minute = 0; minute < 5; minute += 1) await world.calmRound();
    expect(lockListings()).toHaveLength(1);
  });
});
