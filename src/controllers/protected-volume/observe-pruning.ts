import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { PruningSeen } from '../../domain/pruning-refusal.ts';
import { parseBackupLog } from '../../engines/volsync/backup-log.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { refusedDeletion } from '../../engines/refused-deletion.ts';
import { prunesNothing } from '../../engines/volsync/replication-source.ts';
import type { Heard } from '../../engines/volsync/mover-log-watch.ts';
import { endOf, type FailedMover } from './ended-movers.ts';

/**
 * What a run that ended well shows of pruning. A forget of restic 0.18 that may remove nothing ends well: only who listened
 * knows, for the engine keeps no word of it.
 */
export function pruningOf(source: ReplicationSource | undefined, heard: Heard | undefined): PruningSeen | undefined {
  const time = source?.status?.lastSyncTime;
  if (source === undefined || typeof time !== 'string' || prunesNothing(source)) return undefined;
  if (heard?.succeeded !== true) return undefined;
  const message = refusedDeletion(heard.log);
  return message === undefined ? { kind: 'pruned' } : { kind: 'refused', time, message };
}

/** What tries that failed show of pruning. */
export function refusalOf(
  source: ReplicationSource | undefined,
  failedMovers: readonly FailedMover[],
  before: ProtectedVolumeStatus | undefined,
): PruningSeen | undefined {
  if (source === undefined || isHeeded(source, before)) return undefined;
  const newest = failedMovers.findLast((one) => refusedPruning(one.log) !== undefined);
  if (newest === undefined) return before?.pruningRefused === undefined ? refusalKept(source) : undefined;
  const time = endOf(newest.pod) ?? newest.pod.metadata.creationTimestamp;
  return { kind: 'refused', time, message: refusedPruning(newest.log) ?? '' };
}

/** What the engine keeps of a refusal, once it has given its Job up. */
function refusalKept({ status }: ReplicationSource): PruningSeen | undefined {
  const { latestMoverStatus: mover, lastSyncStartTime: time } = status ?? {};
  if (mover?.result !== 'Failed' || typeof time !== 'string') return undefined;
  const message = refusedPruning(mover.logs ?? '');
  return message === undefined ? undefined : { kind: 'refused', time, message };
}

/** Whether a refusal is known, and the runs of the schedule delete nothing since. */
const isHeeded = (source: ReplicationSource, before: ProtectedVolumeStatus | undefined): boolean =>
  before?.pruningRefused !== undefined && prunesNothing(source);

/** What the store said to a try whose backup had ended well, and that then could not delete. */
export function refusedPruning(log: string): string | undefined {
  const report = parseBackupLog(log);
  return report.kind === 'saved' && report.wentOn ? refusedDeletion(log) : undefined;
}

/** Whether a try failed for nothing but a refusal that is told by itself: the next one deletes nothing. */
export function isRefusalAlone(
  { pod, log }: FailedMover,
  source: ReplicationSource | undefined,
  before: ProtectedVolumeStatus | undefined,
): boolean {
  if (source === undefined || refusedPruning(log) === undefined) return false;
  if (!isHeeded(source, before)) return true;
  const endedAt = Date.parse(endOf(pod) ?? pod.metadata.creationTimestamp);
  return endedAt <= Date.parse(before?.pruningRefused?.time ?? '');
}
