import { openRepository, type RepositoryAccess, type Step } from './open-repository.ts';
import type { SealKey } from './sealed-box.ts';
import type { Read } from './tree-reading.ts';

/** The key that a repository's trees are sealed with: the remembered one, or that which the password opens. */
export async function keyOfTrees(access: RepositoryAccess, step: Step): Promise<Read<SealKey>> {
  const known = access.cache.masterKey(access);
  if (known !== undefined) return { ok: true, value: known };
  const opened = await openRepository(access, step);
  if (opened.kind === 'opened') return { ok: true, value: opened.key };
  const { reason, message } =
    opened.kind === 'unknown' ? opened : ({ reason: 'Damaged', message: 'its config and keys are gone' } as const);
  return { ok: false, stop: { kind: 'failed', reason, message } };
}
