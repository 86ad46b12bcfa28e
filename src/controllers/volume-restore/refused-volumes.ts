import type { VolumeRestore, VolumeRestoreStatus } from '../../api/volume-restore.ts';
import { isOffered, MAY_FILL_ANNOTATION } from '../../domain/fillable-volume.ts';
import {
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import { letGo, RELEASE_LOOK_MILLISECONDS } from '../let-go.ts';
import { primeRefOf } from './prime-ref.ts';
import { removeLooks } from './look-into.ts';
import { engineOf, hold, type PrimedScene, type Scene, type Step, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

const REMEMBERED_VOLUMES = 20;

export type RefusedVolume = NonNullable<VolumeRestoreStatus['refusedVolumes']>[number];

export const foreignVolumeAdvice = (volumeName: string): string =>
  `volume ${volumeName} was there before the restore and may hold anything. It fits the claim, so that it would be taken in place of a new one; ` +
  'nothing was written into it and nothing removed. ' +
  `If it is empty and meant for this claim: kubectl annotate pv ${volumeName} ${MAY_FILL_ANNOTATION}=true. ` +
  'Otherwise give it to the claim that it is meant for (spec.claimRef), or recreate this claim with a class of its own';

/** Remembers a volume that a prime claim took and that is not to be filled, and gives it back with its files. */
export async function refuseVolume(tools: Tools, scene: PrimedScene, volume: PersistentVolume): Promise<Stop> {
  const { restore, claim, prime } = scene;
  const { context } = tools;
  const { attempts, primeClaimUID: _prime, ...status } = restore.status ?? {};
  const refused: RefusedVolume = { name: volume.metadata.name, claimUID: prime.metadata.uid };
  const anew = { ...restore, status: { ...status, ...(attempts === undefined ? {} : { attempts: attempts + 1 }) } };
  const recorded = await recordRefused(context, anew, refused);
  if (attempts !== undefined) await engineOf(tools, restore).discard({ restore, attempt: attempts });
  await removeLooks(context, restore);
  const { name, namespace } = prime.metadata;
  await letGo(context.client, volume, { name, namespace, uid: refused.claimUID });
  return await hold(tools, { restore: recorded, claim }, 'ForeignVolume', foreignVolumeAdvice(refused.name));
}

/** To be done before such a volume is given back: without it, the next prime claim would take it again. */
export async function recordRefused(
  context: ControllerContext,
  restore: VolumeRestore,
  refused: RefusedVolume,
): Promise<VolumeRestore> {
  const others = (restore.status?.refusedVolumes ?? []).filter(({ name }) => name !== refused.name);
  return await recordProgress(context, restore, {
    status: { refusedVolumes: [...others, refused].slice(-REMEMBERED_VOLUMES) },
    reason: 'ForeignVolume',
    message: `Volume ${refused.name} was there before the restore: it is given back as it is.`,
  });
}

/** Whether a prime claim took a volume that is not its own: it is on its way out. */
export const isRefused = ({ status }: VolumeRestore, prime: PersistentVolumeClaim): boolean =>
  (status?.refusedVolumes ?? []).some(({ claimUID }) => claimUID === prime.metadata.uid);

/**
 * Before a prime claim is made: gives back what an earlier one took, and waits while such a volume would be taken again.
 */
export async function settleRefused(tools: Tools, scene: Scene): Promise<Step> {
  const { refusedVolumes = [] } = scene.restore.status ?? {};
  if (refusedVolumes.length > 0) await removeLooks(tools.context, scene.restore);
  for (const refused of refusedVolumes) {
    const stop = await settle(tools, scene, refused);
    if (stop !== undefined) return stop;
  }
  return scene;
}

async function settle(tools: Tools, scene: Scene, refused: RefusedVolume): Promise<Stop | undefined> {
  const { restore } = scene;
  const volume = await tools.context.client.get(persistentVolumes, { name: refused.name });
  if (volume === undefined) return undefined;
  const prime = { ...primeRefOf(restore), uid: refused.claimUID };
  if (!(await letGo(tools.context.client, volume, prime))) return { result: requeueAfter(RELEASE_LOOK_MILLISECONDS) };
  const isTaken = volume.spec.claimRef !== undefined && volume.spec.claimRef.uid !== refused.claimUID;
  if (isTaken || isOffered(volume.metadata.annotations ?? {})) return undefined;
  return await hold(tools, scene, 'ForeignVolume', foreignVolumeAdvice(refused.name));
}
