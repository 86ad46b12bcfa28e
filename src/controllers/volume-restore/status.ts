import type { VolumeRestore, VolumeRestoreStatus } from '../../api/volume-restore.ts';
import { volumeRestores } from '../../api/resource-kinds.ts';
import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../../time/rfc3339.ts';
import { standingConditions, withFinding } from '../conditions.ts';
import type { ControllerContext } from '../context.ts';

/** What a step of the restore has to say. */
export interface Progress {
  readonly status?: Partial<VolumeRestoreStatus>;
  /** Whether the claim has its data. */
  readonly ready?: boolean;
  /** Whether the step waits for something outside that a person may have to mend. */
  readonly stalled?: boolean;
  readonly reason: string;
  readonly message: string;
}

/**
 * Writes a restore's status if it changed. Returns the restore as it then is.
 *
 * @throws a conflict when the restore given is not the present one: what was recorded since must not be undone.
 */
export async function recordProgress(
  context: ControllerContext,
  restore: VolumeRestore,
  progress: Progress,
): Promise<VolumeRestore> {
  const { reason, message, ready = false, stalled = false } = progress;
  const conditions = standingConditions(
    restore.status?.conditions,
    { reason, message, ready, stalled },
    restore.metadata.generation,
    rfc3339(context.now()),
  );
  const { finding, progress: done, ...others }: VolumeRestoreStatus = { ...restore.status, ...progress.status };
  const isUnderWay = others.phase === 'Restoring' && done?.attempt === others.attempts;
  const status: VolumeRestoreStatus = {
    ...others,
    ...(done === undefined || !isUnderWay ? {} : { progress: done }),
    message,
    ...(finding === undefined ? {} : { finding }),
    conditions: withFinding(conditions, finding, restore.metadata.generation, rfc3339(context.now())),
  };
  if (isDeepStrictEqual(status, restore.status)) return restore;
  const { name, namespace, resourceVersion } = restore.metadata;
  const desired = { metadata: { name, namespace, resourceVersion }, status };
  return await context.client.applyStatus(volumeRestores, desired);
}
