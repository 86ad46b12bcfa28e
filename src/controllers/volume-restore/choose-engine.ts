import type { EngineName } from '../../api/backup-policy.ts';
import { speaksOfClaim } from '../../domain/templated-class.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { tell } from '../context.ts';
import { policyOf, type Scene, type Step, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';

/**
 * Why movers of our own can't fill such a volume, as a clause: a claim among them would get another one, or they could not look into it
 * first. Undefined where they can.
 */
function cannotFillElsewhere({ context }: Tools, { metadata, spec }: PersistentVolumeClaim): string | undefined {
  const { storageClassName } = spec;
  if (storageClassName === undefined || storageClassName === '') return 'the claim has no storage class';
  const storageClass = context.stores.storageClasses.get(storageClassName);
  if (storageClass === undefined) return `StorageClass ${storageClassName} does not exist`;
  const words = `volumes of class ${storageClassName}`;
  if (speaksOfClaim(storageClass.parameters ?? {})) return `${words} are named after their claim and its namespace`;
  const node = metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  const isPlaced = storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || node !== undefined;
  return isPlaced ? undefined : `no provisioner makes ${words}: which one it is depends on the pod that uses it`;
}

/** The engine to be: what the tier names, where that can do it; else why it is not that one. */
function engineFor(tools: Tools, { restore, claim }: Scene): { readonly engine: EngineName; readonly why?: string } {
  const found = policyOf(tools, restore);
  const isAsked = found.ok && found.policy.spec.engine === 'Restic';
  const { blank, snapshot } = restore.status ?? {};
  if (!isAsked || blank === true || snapshot === undefined) return { engine: 'VolSync' };
  // The movers' pods run from this program's image too.
  const canRun = tools.context.ownImage !== undefined;
  const why = canRun ? cannotFillElsewhere(tools, claim) : 'the controller knows of no image that they could run from';
  return why === undefined ? { engine: 'Restic' } : { engine: 'VolSync', why };
}

/**
 * Before the first prime claim is made: what restores, and so where that claim is, is recorded, and stays. A later change of the tier
 * counts for the next restore.
 */
export async function chooseEngine(tools: Tools, scene: Scene): Promise<Step> {
  const { restore } = scene;
  if (restore.status?.engine !== undefined) return scene;
  const { engine, why } = engineFor(tools, scene);
  if (why !== undefined) {
    const words = `VolSync restores this claim, in its own namespace, though its tier asks for movers of Rebound's own: ${why}.`;
    tell(tools.context, scene.claim, 'OtherEngine', words);
  }
  if (engine === 'VolSync') return scene;
  const message = `Movers of Rebound's own restore the claim.`;
  await recordProgress(tools.context, restore, { status: { engine }, reason: 'Restoring', message });
  return { result: requeueAfter(0) };
}
