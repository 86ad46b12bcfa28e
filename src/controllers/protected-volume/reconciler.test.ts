import { beforeEach, describe, expect, it } from 'vitest';
import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { loseVolume } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import { World } from '#simulation/world.ts';

const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;
beforeEach(() => {
  world = new World();
});

const standing = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

async function lookAfter(milliseconds: number): Promise<void> {
  world.wait(milliseconds);
  await world.look();
}

/** A new claim is bound; it has no pod yet. */
async function bindFresh(): Promise<void> {
  world.createClaim('fresh');
  await world.look();
  world.cluster.provision();
  await lookAfter(2_000);
}

/** The application starts, writes its data if it has any, and is backed up. */
async function backUpFirst(content: Partial<typeof full> = full): Promise<void> {
  world.scale(1);
  world.cluster.schedule();
  await lookAfter(3_000);
  world.write((before) => ({ ...before, ...content }));
  world.backUp('complete');
  await lookAfter(3_000);
}

describe('invariant 10: what a claim is told', () => {
  it('is nothing but its protection, when all goes well; its waits show in the status at once', async () => {
    world.createClaim('fresh');
    await world.look();
    expect(standing()).toMatchObject({ status: 'False', reason: 'ClaimPending' });
    world.cluster.provision();
    await lookAfter(2_000);
    expect(standing()).toMatchObject({ status: 'False', reason: 'NoConsumer' });
    world.scale(1);
    world.cluster.schedule();
    await lookAfter(3_000);
    expect(standing()).toMatchObject({ status: 'False', reason: 'FirstBackupPending' });
    world.write((before) => ({ ...before, ...full }));
    world.backUp('complete');
    await lookAfter(10_000);
    expect(standing()).toMatchObject({ status: 'True', reason: 'Protected' });
    expect(world.told).toEqual(['Protected']);
  });

  it('is nothing but its restore and its protection, when it is restored', async () => {
    world.truth.save(full, world.now() - 3_600_000);
    remember(world);
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.phase === 'Completed');
    await world.look();
    await backUpFirst();
    expect(world.told).toEqual(['Restoring', 'RestoreProven', 'RestoreCompleted', 'Protected']);
  });

  it('is that it has no volume, once that has lasted, with what to do, and not again after a restart', async () => {
    world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    world.createClaim('fresh');
    await world.look();
    await lookAfter(GRACE_MILLISECONDS - 1);
    expect(world.told).toEqual([]);
    await lookAfter(1);
    expect(world.told).toEqual(['ClaimPending']);
    expect(world.events[0]?.type).toBe('Normal');
    expect(world.events[0]?.message).toContain('start the pod');
    await lookAfter(60_000);
    await world.restart();
    await lookAfter(60_000);
    expect(world.told).toEqual(['ClaimPending']);
  });

  it('is that no pod has used it, once that has lasted', async () => {
    await bindFresh();
    expect(world.told).toEqual([]);
    await lookAfter(GRACE_MILLISECONDS);
    expect(world.told).toEqual(['NoConsumer']);
  });

  it('is not that no pod has used it while one is about to', async () => {
    await bindFresh();
    world.scale(1);
    await lookAfter(GRACE_MILLISECONDS * 3);
    expect(standing()?.reason).toBe('NoConsumer');
    expect(world.told).toEqual([]);
  });

  it('is that its first backup has not ended, once that has lasted', async () => {
    await bindFresh();
    world.scale(1);
    world.cluster.schedule();
    await lookAfter(1_000);
    await lookAfter(GRACE_MILLISECONDS - 1);
    expect(world.told).toEqual([]);
    await lookAfter(1);
    expect(world.told).toEqual(['FirstBackupPending']);
    expect(world.events[0]?.message).toContain('volsync-src-');
  });

  it('is that its volume is empty, once it was found so again and again', async () => {
    await bindFresh();
    await backUpFirst({});
    expect(standing()?.reason).toBe('EmptyVolume');
    await lookAfter(GRACE_MILLISECONDS);
    world.backUp('complete');
    await lookAfter(GRACE_MILLISECONDS);
    expect(world.told).toEqual([]);
    await lookAfter(GRACE_MILLISECONDS * 3);
    expect(world.told).toEqual(['EmptyVolume']);
  });

  it('is at once that its backup failed', async () => {
    await bindFresh();
    world.scale(1);
    world.cluster.schedule();
    await lookAfter(1_000);
    world.backUp('error');
    await lookAfter(1_000);
    expect(world.told).toEqual(['BackupFailing']);
  });
});

describe('a claim that lost its volume', () => {
  beforeEach(async () => {
    await bindFresh();
    await backUpFirst();
    loseVolume(world);
    await world.look();
  });

  it('invariant 10: says so, and what to do', () => {
    expect(world.claim?.status?.phase).toBe('Lost');
    expect(standing()).toMatchObject({ status: 'False', reason: 'VolumeLost' });
    expect(world.protection?.status?.phase).toBe('Degraded');
    expect(world.told).toEqual(['Protected', 'VolumeLost']);
    const [backup] = world.truth.snapshots;
    const { type, message } = world.events.at(-1) ?? {};
    expect(type).toBe('Warning');
    expect(message).toContain('Delete the claim and create it again');
    expect(message).toContain(backup?.id.slice(0, 8));
  });

  it('invariants 3 and 4: is not backed up, and its backups stay', async () => {
    const before = world.truth.snapshots.map(({ id }) => id);
    for (let round = 0; round < 3; round += 1) {
      await world.calmRound();
      world.backUp('complete');
    }
    expect(world.server.list(replicationSources)).toEqual([]);
    expect(world.truth.snapshots.map(({ id }) => id)).toEqual(before);
  });

  it('invariant 1: comes back with its latest backup when it is created again', async () => {
    const [backup] = world.truth.snapshots;
    world.recreateClaim();
    await world.until(({ restore }) => restore?.status?.phase === 'Completed');
    expect(world.content).toEqual({ ...full, snapshotId: backup?.id });
  });

  it('is backed up again when its volume comes back', async () => {
    const { namespace, name, uid } = world.claim?.metadata ?? {};
    const volumeName = world.claim?.spec.volumeName ?? '';
    world.server.create(persistentVolumes, {
      metadata: { name: volumeName },
      spec: { claimRef: { namespace, name, uid }, persistentVolumeReclaimPolicy: 'Retain' },
    });
    world.cluster.contents.set(volumeName, full);
    world.cluster.bind();
    await world.look();
    expect(world.schedule).toBeDefined();
    expect(standing()?.reason).toBe('Protected');
  });
});

describe('a claim that lost its volume before its restore was completed', () => {
  it('invariant 1: is not restored into another volume, which it could never get', async () => {
    world.truth.save(full, world.now() - 3_600_000);
    remember(world);
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.phase === 'Binding');
    world.cluster.bind();
    loseVolume(world);
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.claim?.status?.phase).toBe('Lost');
    expect(world.restore?.status?.attempts).toBe(1);
    expect(standing()?.reason).toBe('VolumeLost');
    expect(standing()?.message).toContain('is restored from snapshot');
  });
});

describe('invariant 4: what the engine may remove', () => {
  const engineSettings = (): unknown => {
    const [source] = world.server.list(replicationSources);
    return source?.spec['restic'];
  };

  it('is nothing while its last backup is not confirmed', async () => {
    await bindFresh();
    await backUpFirst();
    const ordinary = engineSettings();
    world.destination.mood = 'snapshotsFail';
    world.backUp('complete');
    await lookAfter(3_000);
    expect(standing()?.reason).toBe('Unconfirmed');
    expect(engineSettings()).not.toEqual(ordinary);
    expect(engineSettings()).toMatchObject({ retain: { within: '1000y' } });
    world.destination.mood = 'answers';
    await lookAfter(30_000);
    expect(standing()?.reason).toBe('Protected');
    expect(engineSettings()).toEqual(ordinary);
  });

  it('is nothing while a backup that the engine reports is not in the destination', async () => {
    await bindFresh();
    await backUpFirst();
    world.backUp('lied');
    await lookAfter(3_000);
    expect(standing()?.reason).toBe('SnapshotMissing');
    await lookAfter(3_000);
    expect(engineSettings()).toMatchObject({ retain: { within: '1000y' } });
  });
});
