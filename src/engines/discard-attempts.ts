import type { VolumeRestore } from '../api/volume-restore.ts';
import type { AttemptRef, RestoreEngine } from './engine.ts';

/**
 * Ends all attempts of a restore. All but the last were ended when the next began; where the process died in between, their objects
 * are there still.
 *
 * @param isKnown whether the local copy has an attempt's object.
 */
export async function discardAttempts(
  restore: VolumeRestore,
  isKnown: (attempt: AttemptRef) => boolean,
  discard: RestoreEngine['discard'],
): Promise<void> {
  const last = restore.status?.attempts ?? 0;
  for (let attempt = 1; attempt <= last; attempt += 1) {
    if (attempt === last || isKnown({ restore, attempt })) await discard({ restore, attempt });
  }
}
