import { ACCEPT_RESTORE_ANNOTATION } from '../../api/labels.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { persistentVolumeClaims, persistentVolumes, secrets } from '../../kube/objects.ts';
import { childOf } from './json.ts';
import { CLAIM_REF, type World } from './world.ts';

/** What a quota counts. */
const quotaKinds = [persistentVolumeClaims, secrets, replicationDestinations];

/** Another application's volume lies ready for any claim of the class. */
export function offerVolume(world: World, reclaimPolicy: 'Delete' | 'Recycle'): void {
  const content = { files: 7, sizeBytes: 700, complete: true };
  const name = world.cluster.offerVolume(content, reclaimPolicy);
  world.foreignVolumes.add(name);
  world.offeredVolumes.set(name, content);
}

/** The other applications take their volumes, where they are still to be had. */
export function useOfferedVolumes(world: World): void {
  for (const name of world.foreignVolumes) {
    const volume = world.server.get(persistentVolumes, { name });
    if (volume === undefined || volume.spec.claimRef !== undefined) continue;
    world.server.delete(persistentVolumes, volume.metadata);
    world.offeredVolumes.delete(name);
  }
}

/** The user follows the claim's events where it is not certain which snapshot is right. */
export function answerHold(world: World): void {
  if (world.restore?.status?.finding?.kind === 'Held') world.ask('newest');
}

/** The user says that the snapshot which came back is the right one. */
export function acceptRestore(world: World): void {
  const restoredId = world.restore?.status?.finding?.restoredId;
  if (world.claim === undefined || restoredId === undefined) return;
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[ACCEPT_RESTORE_ANNOTATION] = restoredId.slice(0, 8);
  });
}

/** The namespace's quota is used up, until it is raised or the controller starts anew. */
export function refuseWrites({ process }: World): void {
  const why = { code: 403, detail: 'exceeded quota: small, requested: count/objects=1' };
  for (const kind of quotaKinds) process.client.refuse(kind, why);
}

/** The quota is raised. */
export function takeWrites({ process }: World): void {
  for (const kind of quotaKinds) process.client.allow(kind);
}

/** Somebody deletes all attempts to restore. */
export function deleteAttempts(world: World): void {
  for (const { metadata } of world.attempts) world.server.delete(replicationDestinations, metadata);
}

/** Somebody deletes the prime claim. */
export function deletePrime({ server, cluster, prime }: World): void {
  if (prime !== undefined) server.delete(persistentVolumeClaims, prime.metadata);
  cluster.protect();
}
