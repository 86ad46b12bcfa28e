import { isConflict, isNotFound } from '../../kube/client/errors.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';

const COPY_LAG_MILLISECONDS = 200;

/**
 * Does what is owed to an object that a restore, its user and Kubernetes itself change too: once more where one of them was faster,
 * and no more where the object is gone, for nothing is owed to it then.
 */
export async function whileItLasts(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
    if (isNotFound(error)) return done();
    throw error;
  }
}
