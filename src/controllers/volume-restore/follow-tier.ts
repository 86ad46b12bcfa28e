import { TIER_LABEL } from '../../api/labels.ts';
import { policyNameOf, type Scene, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/**
 * A claim that waits may be given another tier, as where its own does not exist: the restore follows it as long as nothing
 * was chosen by the former one, or nothing can be read by it any more.
 */
export async function followTier({ context }: Tools, scene: Scene): Promise<Scene> {
  const { restore, claim } = scene;
  const policyName = claim.metadata.labels?.[TIER_LABEL];
  const former = policyNameOf(restore);
  if (policyName === undefined || policyName === '' || policyName === former) return scene;
  const { snapshot, blank } = restore.status ?? {};
  const isChosen = snapshot !== undefined || blank === true;
  if (isChosen && context.stores.policies.get(former) !== undefined) return scene;
  const message = `The claim has tier ${policyName} now, in place of ${former}.`;
  const status = { phase: 'Probing', policyName, certainNones: 0 } as const;
  return { claim, restore: await recordProgress(context, restore, { status, reason: 'TierChanged', message }) };
}
