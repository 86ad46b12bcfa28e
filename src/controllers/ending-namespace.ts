import type { Logger } from 'pino';
import { isNamespaceTerminating } from '../kube/client/errors.ts';
import { done, type Result } from '../runtime/result.ts';

/**
 * Wraps a reconcile so that a namespace which is being deleted is no failure: it takes nothing new, and all that could be
 * made there would end with it. The deletion of the objects themselves brings their keys back.
 */
export function untilNamespaceEnds<Rest extends readonly unknown[]>(
  log: Logger,
  reconcile: (key: string, ...rest: Rest) => Promise<Result>,
): (key: string, ...rest: Rest) => Promise<Result> {
  return async (key, ...rest) => {
    try {
      return await reconcile(key, ...rest);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
      log.debug({ key }, 'nothing is made in a namespace that is being deleted');
      return done();
    }
  };
}
