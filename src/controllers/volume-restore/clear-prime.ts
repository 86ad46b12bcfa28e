import { judgeVolume } from '../../domain/fillable-volume.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import {
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { ageMilliseconds } from '../context.ts';
import { forgoFiles } from '../let-go.ts';
import { lookInto, removeLooks } from './look-into.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import { replaceStranded } from './replace-stranded.ts';
import { refuseVolume } from './refused-volumes.ts';
import { engineOf, type PrimedScene, type PrimedStep, showLastingWait, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

const COPY_LAG_MILLISECONDS = 200;

/**
 * Invariant 12: nothing is written into a volume before it is certain that it was made for this restore. Goes on once
 * that is so, and has recorded it.
 *
 * @param attempt the first attempt that may write into it.
 */
export async function clearPrime(tools: Tools, scene: PrimedScene, attempt: number): Promise<PrimedStep> {
  const { prime, restore } = scene;
  if (prime.metadata.deletionTimestamp !== undefined) {
    await removeLooks(tools.context, restore);
    return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
  }
  if (!hasVolume(prime)) return await provideConsumer(tools, scene);
  const { volumeName = '' } = prime.spec;
  const volume = await tools.context.client.get(persistentVolumes, { name: volumeName });
  if (volume === undefined) return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
  const kind = judge(volume, prime);
  switch (kind) {
    case 'unbound':
      return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
    case 'foreign':
      return await refuseVolume(tools, scene, volume);
    case 'offered':
    case 'made':
      return (await look(tools, scene, volume)) ?? (await recordCleared(tools, scene, volume, { kind, attempt }));
  }
}

/** A pod of ours looks where the engine's mover does not. */
const look = async (tools: Tools, scene: PrimedScene, volume: PersistentVolume): Promise<Stop | undefined> =>
  engineOf(tools, scene.restore).looksItself ? undefined : await lookInto(tools, scene, volume);

/** Where only a pod that uses the claim makes it bind, and no mover may start yet, the look is that pod. */
async function provideConsumer(tools: Tools, scene: PrimedScene): Promise<Stop> {
  const { prime } = scene;
  const storageClass = tools.context.stores.storageClasses.get(prime.spec.storageClassName ?? '');
  const waitsForPod =
    storageClass?.volumeBindingMode === 'WaitForFirstConsumer' &&
    prime.metadata.annotations?.[SELECTED_NODE_ANNOTATION] === undefined;
  const stranded = await replaceStranded(tools, scene);
  if (stranded !== undefined) return stranded;
  const looked = waitsForPod ? await lookInto(tools, scene, undefined) : undefined;
  return looked ?? (await awaitVolume(tools, scene));
}

async function recordCleared(
  tools: Tools,
  scene: PrimedScene,
  volume: PersistentVolume,
  { kind, attempt }: { readonly kind: 'made' | 'offered'; readonly attempt: number },
): Promise<PrimedScene> {
  const { prime, restore } = scene;
  const { client, now } = tools.context;
  await forgoFiles(client, volume);
  const { uid: claimUID } = prime.metadata;
  const reason = 'Restoring';
  const message = `Volume ${volume.metadata.name} is one that this restore may fill.`;
  const status = { clearedPrime: { claimUID, attempt, isMade: kind === 'made', time: rfc3339(now()) } };
  return { ...scene, restore: await recordProgress(tools.context, restore, { status, reason, message }) };
}

/**
 * The first versions let a mover begin without a look, and had it remove whatever was not in its snapshot: where such a one
 * was at its work when it was replaced by this version, what the volume holds is ours.
 *
 * @param attempt whose mover has restored something, well or not.
 */
export async function clearFilled(tools: Tools, scene: PrimedScene, attempt: number): Promise<PrimedScene> {
  const { prime, restore } = scene;
  if (restore.status?.clearedPrime?.claimUID === prime.metadata.uid || !hasVolume(prime)) return scene;
  const volume = await tools.context.client.get(persistentVolumes, { name: prime.spec.volumeName ?? '' });
  if (volume === undefined || judge(volume, prime) !== 'made') return scene;
  return await recordCleared(tools, scene, volume, { kind: 'made', attempt });
}

export const hasVolume = (prime: PersistentVolumeClaim): boolean =>
  prime.spec.volumeName !== undefined && prime.status?.phase !== 'Pending';

const judge = ({ metadata, spec }: PersistentVolume, prime: PersistentVolumeClaim) =>
  judgeVolume({ annotations: metadata.annotations ?? {}, claimUID: spec.claimRef?.uid }, prime.metadata.uid).kind;

/** Shows that the storage class has yet to make a volume for the prime claim, and tells it when that lasts. */
export async function awaitVolume(tools: Tools, { restore, claim, prime }: PrimedScene): Promise<Stop> {
  const scene = { restore, claim };
  return await showLastingWait(tools, scene, {
    reason: 'WaitingForVolume',
    message: 'The storage class has made no volume for the claim yet.',
    advice: `The events of claim ${prime.metadata.name}, which gets the volume first, say why.`,
    waitedMilliseconds: ageMilliseconds(tools.context, prime.metadata),
  });
}
