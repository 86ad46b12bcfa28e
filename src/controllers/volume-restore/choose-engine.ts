import type { EngineName } from '../../api/backup-policy.ts';
import { speaksOfClaim } from '../../domain/templated-class.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { policyOf, type Scene, type Step, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';
import { SELECTED_NODE_ANNOTATION } from './prime-claim.ts';

/** Whether the claim's class makes such a volume for a claim among the movers as for the claim itself, where a mover can look first. */
function canBeFilledElsewhere({ context }: Tools, { metadata, spec }: PersistentVolumeClaim): boolean {
  const storageClass = context.stores.storageClasses.get(spec.storageClassName ?? '');
  if (storageClass === undefined || speaksOfClaim(storageClass.parameters ?? {})) return false;
  const node = metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  return storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || node !== undefined;
}

/** The engine to be: what the tier names, where that can do it. */
function engineFor(tools: Tools, { restore, claim }: Scene): EngineName {
  const found = policyOf(tools, restore);
  const isAsked = found.ok && found.policy.spec.engine === 'Restic';
  const { blank, snapshot } = restore.status ?? {};
  const hasContent = blank !== true && snapshot !== undefined;
  // The movers' pods run from this program's image too.
  const canRun = tools.context.ownImage !== undefined;
  return isAsked && hasContent && canRun && canBeFilledElsewhere(tools, claim) ? 'Restic' : 'VolSync';
}

/**
 * Before the first prime claim is made: what restores, and so where that claim is, is recorded, and stays. A later change of the tier
 * counts for the next restore.
 */
export async function chooseEngine(tools: Tools, scene: Scene): Promise<Step> {
  const { restore } = scene;
  if (restore.status?.engine !== undefined) return scene;
  const engine = engineFor(tools, scene);
  if (engine === 'VolSync') return scene;
  const message = `Movers of Rebound's own restore the claim.`;
  await recordProgress(tools.context, restore, { status: { engine }, reason: 'Restoring', message });
  return { result: requeueAfter(0) };
}
