import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { PruningSeen } from '../../domain/pruning-refusal.ts';
import type { UnreadableFiles } from '../../engines/engine.ts';
import { type BackupReport, parseBackupLog } from '../../engines/volsync/backup-log.ts';
import { engineComplaint } from '../../engines/volsync/engine-complaint.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { moverComplaint } from '../../engines/volsync/mover-log.ts';
import { troubleInWords } from '../../engines/mover-trouble.ts';
import { moverAdvice, podTrouble } from '../../engines/volsync/mover-trouble.ts';
import { readsCopy } from '../../engines/volsync/replication-source.ts';
import { parseGoDuration } from '../../time/go-duration.ts';
import type { Heard } from '../../engines/volsync/mover-log-watch.ts';
import { endOf, type FailedMover } from './ended-movers.ts';
import { isRefusalAlone, pruningOf, refusalOf, refusedPruning } from './observe-pruning.ts';

/** A backup that ended, as the engine and its mover tell it. */
export interface EndedBackup {
  /** RFC 3339; absent where nobody says it. */
  readonly endedAt?: string | undefined;
  /** The snapshot was taken between these two, in milliseconds since 1970; absent where nobody says it. */
  readonly afterMilliseconds?: number | undefined;
  readonly beforeMilliseconds?: number | undefined;
  /** Snapshots that were known when it began, of some the first digits of their ids. */
  readonly knownIds: readonly string[];
  /** Whether the mover ended without an error. */
  readonly succeeded: boolean;
  /** The engine goes on with the same copy of the volume. */
  readonly isTriedAgain: boolean;
  readonly report: BackupReport;
  /** Given where the snapshots of the run have its tag: no words are needed to find them. */
  readonly run?: TaggedRun | undefined;
}

export interface TaggedRun {
  readonly id: string;
  /** A snapshot of it lacks nothing. */
  readonly isWhole: boolean;
  readonly unreadable: UnreadableFiles;
}

export interface BackupObservation {
  /** First digits of the snapshots that failed tries left, whether looked at yet or not. */
  readonly failedIds: ReadonlySet<string>;
  /** What ended and was not looked at yet, oldest first. */
  readonly ended: readonly EndedBackup[];
  /** When the engine last called a backup done. */
  readonly lastSuccessTime: string | undefined;
  /** What keeps backups from succeeding, in whole sentences; absent when nothing does. */
  readonly trouble: string | undefined;
  /** What became of pruning; absent where nothing new is known. */
  readonly pruning: PruningSeen | undefined;
}

/** What a look at the engine sees. `isSettled` tells of the first digits of a snapshot's id whether it was looked at. */
export interface BackupSight {
  readonly source: ReplicationSource | undefined;
  readonly failedMovers: readonly FailedMover[];
  readonly before: ProtectedVolumeStatus | undefined;
  /** What the mover said that ran last, while it ran. */
  readonly heard: Heard | undefined;
  readonly isSettled: (snapshotId: string) => boolean;
}

/** Sees which backups have ended since the last look, and what stands in the way of the next. */
export function observeBackup(sight: BackupSight): BackupObservation {
  const { source, failedMovers, before, heard } = sight;
  const lastSuccessTime = source?.status?.lastSyncTime ?? undefined;
  const isTriedAgain = source !== undefined && readsCopy(source);
  const tries = [...failedMovers.map(endedMover), ...failureKept(source)].map((one) => ({ ...one, isTriedAgain }));
  const failedIds = new Set(tries.flatMap(({ report }) => (report.kind === 'saved' ? [report.snapshotId] : [])));
  const failed = tries.filter(({ report }) => report.kind === 'saved' && !sight.isSettled(report.snapshotId));
  const success = isNew(before, lastSuccessTime) ? successOf(source, before) : [];
  const pruning = success.length > 0 ? pruningOf(source, heard) : refusalOf(source, failedMovers, before);
  const told = failedMovers.filter((one) => !isRefusalAlone(one, source, before));
  const trouble = troubleOf(source, told);
  return { failedIds, ended: [...failed, ...success], lastSuccessTime, trouble, pruning };
}

/** What an earlier version recorded is looked at again: it kept what it had found in conditions only. */
const isNew = (before: ProtectedVolumeStatus | undefined, lastSuccessTime: string | undefined): boolean =>
  lastSuccessTime !== before?.lastBackupAttemptTime || before?.pruningPausedBecause === undefined;

type Try = Omit<EndedBackup, 'isTriedAgain'>;

function endedMover({ pod, log }: FailedMover): Try {
  return { endedAt: endOf(pod), succeeded: false, report: parseBackupLog(log), knownIds: [] };
}

/** What the engine keeps of its mover's last failure, once it has given its Job up. */
function failureKept(source: ReplicationSource | undefined): readonly Try[] {
  const mover = source?.status?.latestMoverStatus;
  if (mover?.result !== 'Failed') return [];
  return [{ succeeded: false, report: parseBackupLog(mover.logs ?? ''), knownIds: [] }];
}

type EngineStatus = NonNullable<ReplicationSource['status']>;

function successOf(
  source: ReplicationSource | undefined,
  before: ProtectedVolumeStatus | undefined,
): readonly EndedBackup[] {
  const status = source?.status;
  if (typeof status?.lastSyncTime !== 'string') return [];
  const { latestMoverStatus: mover } = status;
  // A mover that failed since has taken the place of what this one said, and may have left a snapshot too.
  const hasFailedSince = mover?.result === 'Failed';
  const earlierTime = before?.lastBackupAttemptTime;
  const isFirstLook = status.lastSyncTime !== earlierTime;
  return [
    {
      endedAt: status.lastSyncTime,
      succeeded: true,
      isTriedAgain: false,
      report: hasFailedSince ? { kind: 'unclear' } : parseBackupLog(mover?.logs ?? ''),
      afterMilliseconds: startOf(status, isFirstLook ? earlierTime : undefined),
      beforeMilliseconds: hasFailedSince ? Date.parse(status.lastSyncTime) : undefined,
      knownIds: isFirstLook ? knownIdsOf(before) : [],
    },
  ];
}

/** When the engine's last success began: not before the one before it ended. */
function startOf(
  { lastSyncTime, lastSyncDuration }: EngineStatus,
  earlierTime: string | undefined,
): number | undefined {
  const lastedMilliseconds = parseGoDuration(lastSyncDuration ?? '');
  if (lastedMilliseconds !== undefined) return Date.parse(lastSyncTime ?? '') - lastedMilliseconds;
  return earlierTime === undefined ? undefined : Date.parse(earlierTime);
}

/** Those that the status speaks of: what the last runs have left, and what the claim was restored from. */
function knownIdsOf(before: ProtectedVolumeStatus | undefined): readonly string[] {
  const { lastBackup, collapse, lastFinding, lastProof, restoreFinding } = before ?? {};
  const ofRestore = [lastProof?.snapshot?.id, restoreFinding?.restoredId, restoreFinding?.newerId];
  return [lastBackup?.id, collapse?.snapshotId, lastFinding?.snapshotId, ...ofRestore].filter((id) => id !== undefined);
}

function troubleOf(source: ReplicationSource | undefined, failedMovers: readonly FailedMover[]): string | undefined {
  const newest = failedMovers.at(-1);
  const ofPod = newest === undefined ? undefined : podTrouble(newest.pod, newest.log);
  if (ofPod !== undefined) return troubleInWords(ofPod);
  return source === undefined ? undefined : engineTrouble(source);
}

function engineTrouble({ status }: ReplicationSource): string | undefined {
  const mover = status?.latestMoverStatus;
  const kept = mover?.logs ?? '';
  if (mover?.result === 'Failed' && refusedPruning(kept) === undefined) return failureWords(kept);
  const complaint = engineComplaint(status?.conditions);
  if (complaint === undefined) return undefined;
  return troubleInWords({ message: `The engine says: ${complaint}.`, advice: moverAdvice(complaint) });
}

function failureWords(log: string): string {
  const complaint = moverComplaint(log);
  if (complaint === undefined) return 'The mover failed without saying why; look at the log of its pod.';
  return troubleInWords({ message: `The mover says: ${complaint}.`, advice: moverAdvice(complaint) });
}
