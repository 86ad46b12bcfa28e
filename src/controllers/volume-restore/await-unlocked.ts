import { requeueAfter } from '../../runtime/result.ts';
import { tell, warn } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { clearLocks } from '../repository-locks.ts';
import { hold, type Scene, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/**
 * Removes the locks that dead processes have left in the repository, and lets the claim wait while a living one keeps
 * movers out of it. Undefined when a mover may begin.
 */
export async function awaitUnlocked(tools: Tools, scene: Scene, access: RepositoryAccess): Promise<Stop | undefined> {
  const { restore, claim } = scene;
  const { context, cache } = tools;
  const state = await clearLocks(context, cache, { claim, access, purpose: 'restore' });
  switch (state.kind) {
    case 'free':
      return undefined;
    case 'unknown':
      return await hold(tools, scene, state.reason, state.message);
    case 'locked': {
      const message = `The claim waits, unbound, and no data is at risk: ${state.message}.`;
      await recordProgress(context, restore, { stalled: state.needsPerson, reason: 'RepositoryLocked', message });
      // Said again as long as it lasts: events are counted, and vanish after a while.
      if (state.needsPerson) warn(context, claim, 'RepositoryLocked', message);
      else tell(context, claim, 'RepositoryLocked', message);
      return { result: requeueAfter(state.lookAgainMilliseconds) };
    }
  }
}
