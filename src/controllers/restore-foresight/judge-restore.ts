import { isDeepStrictEqual } from 'node:util';
import { foreseeRestore, type LimitFacts, type RestoreLimit } from '../../domain/restore-limits.ts';
import { KubeError } from '../../kube/errors.ts';
import { namespaces } from '../../kube/objects.ts';
import type { ControllerContext } from '../context.ts';

/** By it an administrator allows movers that are root (internal/controller/utils/utils.go, v0.14). */
const PRIVILEGED_MOVERS_ANNOTATION = 'volsync.backube/privileged-movers';

export interface JudgedRestore {
  readonly limits: readonly RestoreLimit[];
  /** Absent where it makes no difference, and was not asked for. */
  readonly privilegedMovers?: boolean;
}

/** Judges what a restore would lack. The namespace is read only where its annotation would change the judgement. */
export async function judgeRestore(
  context: ControllerContext,
  namespace: string,
  facts: Omit<LimitFacts, 'privilegedMovers'>,
): Promise<JudgedRestore> {
  const limits = foreseeRestore({ ...facts, privilegedMovers: false });
  const limitsOfPrivileged = foreseeRestore({ ...facts, privilegedMovers: true });
  if (isDeepStrictEqual(limits, limitsOfPrivileged)) return { limits };
  const privilegedMovers = await allowsPrivileged(context, namespace);
  return { limits: privilegedMovers ? limitsOfPrivileged : limits, privilegedMovers };
}

async function allowsPrivileged({ client, log }: ControllerContext, name: string): Promise<boolean> {
  try {
    const found = await client.get(namespaces, { name });
    return found?.metadata.annotations?.[PRIVILEGED_MOVERS_ANNOTATION] === 'true';
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // A warning too many is better than none.
    log.warn({ err: error, namespace: name }, 'whether a namespace allows privileged movers is not known');
    return false;
  }
}
