import { ACCEPT_RESTORE_ANNOTATION } from '../../src/api/labels.ts';
import { replicationDestinations } from '../../src/engines/volsync/kinds.ts';
import { persistentVolumeClaims, persistentVolumes, secrets } from '../../src/kube/model/built-in-kinds.ts';
import { blank } from '#doubles/kube/cluster.ts';
import { childOf } from '#doubles/kube/json.ts';
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

/** A volume that somebody had made beforehand happens to fit the waiting claim, unless one names the claim already. */
export function bindElsewhere({ server, cluster, claim, foreignVolumes }: World): void {
  if (claim === undefined || claim.spec.volumeName !== undefined) return;
  const { uid } = claim.metadata;
  if (server.list(persistentVolumes).some((one) => one.spec.claimRef?.uid === uid)) return;
  foreignVolumes.add(cluster.makeVolume(claim.metadata, blank));
  cluster.bind();
}

/** Somebody deletes the PersistentVolume that the claim is bound to. */
export function loseVolume({ cluster, claim }: World): void {
  if (claim?.status?.phase !== 'Bound' || claim.spec.volumeName === undefined) return;
  cluster.destroyVolume(claim.spec.volumeName);
  cluster.bind();
}

/** From now on the provisioner hands out folders that it has handed out before, with what is in them. */
export function handOutUsedVolumes({ cluster }: World): void {
  cluster.newVolumeContent = { files: 9, sizeBytes: 900, complete: true };
}

/** From now on its volumes are new again. */
export function handOutNewVolumes({ cluster }: World): void {
  cluster.newVolumeContent = blank;
}

/** The user lets another volume be made, where the claim says that the first is not empty. */
export function replaceUsedVolume(world: World): void {
  const { conditions = [] } = world.restore?.status ?? {};
  const isTold = conditions.some(({ type, reason }) => type === 'Ready' && reason === 'VolumeNotEmpty');
  if (isTold && world.usedVolumes.has(world.prime?.spec.volumeName ?? '')) deletePrime(world);
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

/** What a claim waits with that cannot get what its user has asked for. */
const unmetReasons: ReadonlySet<string> = new Set(['NoMatchingSnapshot', 'AskedForBlank']);

/** The user follows the claim's events where it is not certain which snapshot is right, or the one asked for is not there. */
export function answerHold(world: World): void {
  const { finding, conditions } = world.restore?.status ?? {};
  const isUnmet = conditions?.some(({ type, reason }) => type === 'Ready' && unmetReasons.has(reason)) ?? false;
  if (world.claim !== undefined && (finding?.kind === 'Held' || isUnmet)) world.ask('newest');
}

/** The user says that the snapshot which came back is the right one, or that none had to come back. */
export function acceptRestore(world: World): void {
  const { kind, newerId } = world.protection?.status?.restoreFinding ?? {};
  const namedId = kind === 'NotRestored' ? newerId : world.restore?.status?.finding?.restoredId;
  if (world.claim === undefined || namedId === undefined) return;
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[ACCEPT_RESTORE_ANNOTATION] = namedId.slice(0, 8);
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
