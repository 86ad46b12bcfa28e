import { isConflict } from '../../kube/client/errors.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { requeueAfter, type Result } from '../../runtime/result.ts';
import { refusalOf } from '../refusals.ts';
import { hold, type Scene, type Tools } from './scene.ts';

const COPY_LAG_MILLISECONDS = 200;

/**
 * Lets a claim whose restore was refused something wait, and says so in the refuser's words, each time it is tried again.
 * Undefined where the error is no refusal, or where there is no claim to tell.
 */
export async function tellRefusedRestore(tools: Tools, key: string, error: unknown): Promise<Result | undefined> {
  const refusal = refusalOf(error);
  const scene = sceneOf(tools, key);
  if (refusal === undefined || scene === undefined) return undefined;
  try {
    const { result } = await hold(tools, scene, refusal.reason, refusal.words);
    return result;
  } catch (failure) {
    // The local copy of the restore lags behind what this very look has recorded.
    if (isConflict(failure)) return requeueAfter(COPY_LAG_MILLISECONDS);
    throw failure;
  }
}

function sceneOf({ context: { stores } }: Tools, key: string): Scene | undefined {
  const restore = stores.volumeRestores.get(key);
  if (restore === undefined) return undefined;
  const { namespace } = restore.metadata;
  const claim = stores.claims.get(objectKey({ namespace, name: restore.spec.claimName }));
  return claim?.metadata.uid === restore.spec.claimUID ? { restore, claim } : undefined;
}
