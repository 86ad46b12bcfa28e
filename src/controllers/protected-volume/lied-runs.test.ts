import { beforeEach, describe, expect, it } from 'vitest';
import { World } from '#simulation/world.ts';

const MINUTE = 60_000;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

async function startApplication(): Promise<void> {
  world.scale(1);
  await world.until(({ schedule, isAppRunning }) => isAppRunning && schedule !== undefined);
}

beforeEach(async () => {
  world = new World();
  world.createClaim('fresh');
  world.scale(1);
  await world.until(({ isAppRunning }) => isAppRunning);
  world.write((before) => ({ ...before, ...full }));
  await startApplication();
  world.backUp('complete');
  await world.look();
  expect(ready()?.reason).toBe('Protected');
});

describe('a run that the engine calls done, and that has left no snapshot', () => {
  it('invariant 13: is not confirmed by the snapshot of the run before, though its own log names that', async () => {
    world.wait(5 * MINUTE);
    world.backUp('repeated');
    await world.look();
    expect(ready()).toMatchObject({ status: 'False', reason: 'SnapshotMissing' });
    expect(ready()?.message).toContain('is of an earlier run');
  });

  it('invariant 13: is not confirmed by the snapshot of the run before, which came back damaged when it was looked for', async () => {
    world.wait(5 * MINUTE);
    world.destination.mood = 'damaged';
    world.backUp('complete');
    await world.look();
    expect(ready()?.reason).toBe('SnapshotMissing');
    world.destination.mood = 'answers';
    await world.look();
    world.wait(MINUTE);
    world.backUp('repeated');
    await world.look();
    expect(ready()).toMatchObject({ status: 'False', reason: 'SnapshotMissing' });
  });

  it.each(['muteLie', 'repeated'] as const)(
    'invariant 13: is not confirmed by what a run has left hours before that nobody could see end (%s)',
    async (end) => {
      world.wait(5 * MINUTE);
      world.destination.mood = 'snapshotsFail';
      world.backUp('complete');
      await world.look();
      world.wait(60 * MINUTE);
      world.backUp(end);
      world.destination.mood = 'answers';
      await world.look();
      expect(ready()).toMatchObject({ status: 'False', reason: 'SnapshotMissing' });
    },
  );

  it.each(['muteLie', 'repeated'] as const)(
    'invariant 13: is not confirmed by what an earlier claim of the same name has left minutes ago (%s)',
    async (end) => {
      const left = world.truth.newest?.id;
      world.recreateClaim();
      await startApplication();
      world.backUp(end);
      await world.look();
      expect(world.truth.newest?.id).toBe(left);
      expect(ready()).toMatchObject({ status: 'False', reason: 'SnapshotMissing' });
      expect(world.protection?.status?.lastBackup).toBeUndefined();
    },
  );

  it('invariant 13: is not confirmed by what an earlier, partly backed up claim that started blank has left', async () => {
    world.scale(0);
    world.deleteClaim();
    world.cluster.protect();
    await world.look();
    world.createClaim('fresh');
    world.scale(1);
    await world.until(({ isAppRunning }) => isAppRunning);
    world.write((before) => ({ ...before, ...full }));
    await startApplication();
    world.backUp('muteLie');
    await world.look();
    expect(ready()).toMatchObject({ status: 'False', reason: 'SnapshotMissing' });
  });
});

describe('a run that says nothing, and has left a snapshot', () => {
  it('is confirmed by it, also when the process that has recorded it in the ledger died before it could tell', async () => {
    world.wait(5 * MINUTE);
    world.backUp('mute');
    const { client, copies } = world.process;
    copies.seeEverything();
    client.expect({ after: 0, fault: 'refused', fatal: true });
    await world.tolerating(() => world.reconcileProtection());
    await world.look();
    expect(ready()?.reason).toBe('Protected');
    expect(world.protection?.status?.lastBackup?.id).toBe(world.truth.newest?.id);
  });
});
