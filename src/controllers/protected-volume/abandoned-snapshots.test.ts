import { beforeEach, describe, expect, it } from 'vitest';
import { LOOK_AGAIN_ANNOTATION } from '../../api/labels.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { sourceSnapshotName } from '../../engines/volsync/source-snapshot.ts';
import { type VolumeSnapshot, volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { childOf } from '#doubles/kube/json.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

const REF = { namespace: NAMESPACE, name: sourceSnapshotName('rebound-data') };

let world: World;
beforeEach(async () => {
  world = new World();
  world.createClaim('fresh');
  await world.look();
  world.cluster.provision();
  world.scale(1);
  world.cluster.schedule();
  world.wait(3_000);
  await world.look();
});

const snapshot = (): VolumeSnapshot | undefined => world.server.get(volumeSnapshots, REF);

/** When the snapshot was last marked. */
const marked = (): string | undefined => snapshot()?.metadata.annotations?.[LOOK_AGAIN_ANNOTATION];

/** A backup is under way, and its snapshot is being read. */
async function beginBackup(): Promise<void> {
  const { schedule } = world;
  if (schedule === undefined) throw new Error('there is no schedule');
  world.server.create(volumeSnapshots, {
    metadata: { ...REF, finalizers: ['as-source-protection'], ownerReferences: [ownerReference(schedule)] },
  });
  await setStarted('2030-01-01T00:00:05Z');
}

async function setStarted(time: string | null): Promise<void> {
  const { metadata } = world.schedule ?? {};
  if (metadata === undefined) throw new Error('there is no schedule');
  world.server.change(replicationSources, metadata, (object) => {
    childOf(object, 'status')['lastSyncStartTime'] = time;
  });
  await world.look();
}

/** The claim goes with all that uses it and serves it; the snapshot stays, held by its finalizer. */
async function deleteAll(): Promise<void> {
  world.scale(0);
  world.deleteClaim();
  for (const pass of Object.values(world.cluster.passes)) pass();
  world.server.delete(volumeSnapshots, REF);
}

function release(): void {
  world.server.change(volumeSnapshots, REF, (object) => {
    childOf(object, 'metadata')['finalizers'] = [];
  });
}

describe('the snapshot of a backup whose claim was deleted', () => {
  it('is marked again and again, until it is gone', async () => {
    await beginBackup();
    await deleteAll();
    expect([world.claim, world.protection, world.schedule]).toEqual([undefined, undefined, undefined]);
    await world.look();
    const first = marked();
    expect(first).toBeDefined();
    world.wait(5_000);
    await world.look();
    expect(marked()).not.toBe(first);
    release();
    await world.look();
    expect(snapshot()).toBeUndefined();
  });

  it('is not marked while it is not to go', async () => {
    await beginBackup();
    world.scale(0);
    world.deleteClaim();
    for (const pass of Object.values(world.cluster.passes)) pass();
    await world.look();
    expect(snapshot()).toBeDefined();
    expect(marked()).toBeUndefined();
    world.server.delete(volumeSnapshots, REF);
    await world.look();
    expect(marked()).toBeDefined();
  });

  it('is marked when the claim was created again at once', async () => {
    await beginBackup();
    await deleteAll();
    world.createClaim('restore');
    await world.look();
    expect(marked()).toBeDefined();
  });

  it('is left alone when the backup had ended', async () => {
    await beginBackup();
    await setStarted(null);
    await deleteAll();
    await world.look();
    expect(snapshot()).toBeDefined();
    expect(marked()).toBeUndefined();
  });
});
