import { isDeepStrictEqual } from 'node:util';
import { foreseeRestore, type LimitFacts, type RestoreLimit } from '../../domain/restore-limits.ts';
import type { ControllerContext } from '../context.ts';

export interface JudgedRestore {
  readonly limits: readonly RestoreLimit[];
  /** Absent where it makes no difference, and was not asked for. */
  readonly privilegedMovers?: boolean;
}

/**
 * Judges what a restore would lack. The namespace is read only where its annotation would change the judgement.
 *
 * @throws KubeError when it can't be read.
 */
export async function judgeRestore(
  { privilegedMovers: movers }: Pick<ControllerContext, 'privilegedMovers'>,
  namespace: string,
  facts: Omit<LimitFacts, 'privilegedMovers'>,
): Promise<JudgedRestore> {
  const limits = foreseeRestore({ ...facts, privilegedMovers: false });
  const limitsOfPrivileged = foreseeRestore({ ...facts, privilegedMovers: true });
  if (isDeepStrictEqual(limits, limitsOfPrivileged)) return { limits };
  const privilegedMovers = await movers.allowedIn(namespace);
  return { limits: privilegedMovers ? limitsOfPrivileged : limits, privilegedMovers };
}
