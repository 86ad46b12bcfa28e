import { DEFAULT_ENGINE } from '../../api/backup-policy.ts';
import { restoringEngine, type RestoringEngine } from '../../engines/restoring-engine.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { tell } from '../context.ts';
import { ENGINE_MISSING, missingVolSync } from '../missing-engine.ts';
import { hold, policyOf, type Scene, type Step, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

interface EngineChoice extends RestoringEngine {
  /** Why it can't begin, a clause. */
  readonly missing?: string;
}

/** The engine to be: what the tier names, where that can do it; else why it is not that one. A blank volume needs none. */
function engineFor(tools: Tools, { restore, claim }: Scene): EngineChoice {
  const found = policyOf(tools, restore);
  const { blank, snapshot } = restore.status ?? {};
  if (!found.ok || blank === true || snapshot === undefined) return { engine: DEFAULT_ENGINE };
  const chosen = restoringEngine(tools.engines, claim, found.policy);
  const isMissing = chosen.engine === 'VolSync' && tools.context.isKindMissing(replicationDestinations);
  return isMissing ? { ...chosen, missing: missingVolSync(found.policy, chosen.why) } : chosen;
}

/**
 * Before the first prime claim is made: what restores, and so where that claim is, is recorded, and stays. A later change of the tier
 * counts for the next restore.
 */
export async function chooseEngine(tools: Tools, scene: Scene): Promise<Step> {
  const { restore } = scene;
  if (restore.status?.engine !== undefined) return scene;
  const { engine, why, missing } = engineFor(tools, scene);
  // Nothing is made, nor told of another engine, that could not begin.
  if (missing !== undefined) return await hold(tools, scene, ENGINE_MISSING, missing);
  if (why !== undefined) {
    const words = `VolSync restores this claim, in its own namespace, though its tier asks for movers of Rebound's own: ${why}.`;
    tell(tools.context, scene.claim, 'OtherEngine', words);
  }
  if (engine === DEFAULT_ENGINE) return scene;
  const message = `Movers of Rebound's own restore the claim.`;
  await recordProgress(tools.context, restore, { status: { engine }, reason: 'Restoring', message });
  return { result: requeueAfter(0) };
}
