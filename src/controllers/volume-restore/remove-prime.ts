import type { VolumeRestore } from '../../api/volume-restore.ts';
import { judgeVolume } from '../../domain/fillable-volume.ts';
import { objectKey } from '../../kube/model/kind.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import { letGo } from '../let-go.ts';
import { primeRefOf } from './prime-ref.ts';
import { removeLooks } from './look-into.ts';
import { recordRefused, type RefusedVolume } from './refused-volumes.ts';

/**
 * Deletes the prime claim of a restore that needs it no more. What it took and is not its own is given back first, with its
 * files. False while that is under way.
 */
export async function removePrime(context: ControllerContext, restore: VolumeRestore): Promise<boolean> {
  const { client, stores } = context;
  await removeLooks(context, restore);
  const ref = primeRefOf(restore);
  const prime = stores.primes.get(objectKey(ref)) ?? (await client.get(persistentVolumeClaims, ref));
  const foreign = prime === undefined ? undefined : await foreignVolumeOf(client, prime);
  const known = restore.status?.refusedVolumes ?? [];
  if (foreign !== undefined && !known.some(({ name }) => name === foreign.name)) {
    await recordRefused(context, restore, foreign);
    return false;
  }
  for (const { name, claimUID } of known) {
    const volume = await client.get(persistentVolumes, { name });
    if (volume !== undefined && !(await letGo(client, volume, { ...ref, uid: claimUID }))) return false;
  }
  if (prime === undefined) return true;
  await discardVolume(client, restore, prime);
  await client.delete(persistentVolumeClaims, ref);
  return true;
}

/**
 * Lets the volume go with its prime claim, whatever its class wants: what a provisioner made for this restore, what was
 * empty then, and what was handed to nobody, holds at most a copy of a backup.
 */
async function discardVolume(
  client: ControllerContext['client'],
  { status }: VolumeRestore,
  { metadata, spec }: PersistentVolumeClaim,
): Promise<void> {
  const { clearedPrime } = status ?? {};
  if (clearedPrime?.claimUID !== metadata.uid || !clearedPrime.isMade || spec.volumeName === undefined) return;
  const volume = await client.get(persistentVolumes, { name: spec.volumeName });
  const isOurs = volume !== undefined && volume.spec.claimRef?.uid === metadata.uid;
  if (!isOurs || volume.spec.persistentVolumeReclaimPolicy === 'Delete') return;
  const { name, resourceVersion } = volume.metadata;
  await client.mergePatch(
    persistentVolumes,
    { name },
    { metadata: { resourceVersion }, spec: { persistentVolumeReclaimPolicy: 'Delete' } },
  );
}

async function foreignVolumeOf(
  client: ControllerContext['client'],
  { metadata, spec }: PersistentVolumeClaim,
): Promise<RefusedVolume | undefined> {
  if (spec.volumeName === undefined) return undefined;
  const volume = await client.get(persistentVolumes, { name: spec.volumeName });
  return volume !== undefined && isForeign(volume, metadata.uid)
    ? { name: spec.volumeName, claimUID: metadata.uid }
    : undefined;
}

function isForeign({ metadata, spec }: PersistentVolume, primeClaimUID: string): boolean {
  const facts = { annotations: metadata.annotations ?? {}, claimUID: spec.claimRef?.uid };
  return judgeVolume(facts, primeClaimUID).kind === 'foreign';
}
