import type { RepositoryAccess } from '../../repositories/access.ts';
import { endMaintenance } from '../end-maintenance.ts';
import { mendRepositoryKeys } from '../repository-keys.ts';
import { awaitUnlocked } from './await-unlocked.ts';
import { hold, type Scene, type Stop, type Tools } from './scene.ts';

/**
 * Takes out of the repository what the dead have left and what keeps movers out of it: locks, and keys that do not open it; and ends
 * the removal of old snapshots.
 * Undefined when a mover may begin.
 */
export async function awaitUsable(tools: Tools, scene: Scene, access: RepositoryAccess): Promise<Stop | undefined> {
  await endMaintenance(tools.context, scene.claim.metadata);
  const locked = await awaitUnlocked(tools, scene, access);
  if (locked !== undefined) return locked;
  const mended = await mendRepositoryKeys(tools.context, scene.claim, access);
  return mended.ok ? undefined : await hold(tools, scene, mended.reason, mended.message);
}
