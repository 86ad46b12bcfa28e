import { mendKeys } from '../repositories/restic/mend-keys.ts';
import type { Outcome } from '../destinations/outcome.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS, warn } from './context.ts';
import type { RepositoryAccess } from '../repositories/access.ts';

/** Takes out of a claim's repository the keys that keep restic out of it, and says so. */
export async function mendRepositoryKeys(
  context: ControllerContext,
  claim: PersistentVolumeClaim,
  { destination, path: repositoryPath, password }: RepositoryAccess,
): Promise<Outcome<undefined>> {
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const mended = await mendKeys({ destination, repositoryPath, password }, options);
  if (!mended.ok) return mended;
  for (const id of mended.value) {
    context.log.warn({ repositoryPath, keyId: id }, 'a key that does not open its repository was set aside');
    const message = `Took key ${id.slice(0, 8)} out of repository ${repositoryPath}: it does not open the repository's config, and kept every mover out of it. A copy lies in .rebound/removed-keys/${repositoryPath}. Backups and restores go on by themselves.`;
    warn(context, claim, 'KeySetAside', message);
  }
  return { ok: true, value: undefined };
}
