import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { BackupMemory } from '../../domain/backup-findings.ts';
import { emptyVolumeRetryMilliseconds } from '../../domain/empty-volume-retry.ts';
import { decideBackupRequest } from '../../domain/backup-request.ts';
import { isBackingUp, manualTriggerOf } from '../../engines/volsync/replication-source.ts';
import type { ControllerContext } from '../context.ts';
import type { BackupScene } from './backup.ts';
import { ensureEngineBackup } from './engine-backup.ts';

/** What the schedule follows from beside the claim and its policy. */
export interface ScheduleFacts {
  readonly memory: BackupMemory;
  readonly isPruningPaused: boolean;
  readonly isPruningRefused: boolean;
  /** A run under way must not prune either. */
  readonly isPauseUrgent: boolean;
}

export interface EnsuredSchedule {
  readonly status: Partial<ProtectedVolumeStatus>;
  /** Why the schedule is not as it should be; absent when it is, or will be soon. */
  readonly problem?: string | undefined;
  readonly waitMilliseconds?: number | undefined;
}

/** Keeps the engine's schedule as it should be, and passes the requests for a backup now on. */
export async function ensureSchedule(
  context: ControllerContext,
  scene: BackupScene,
  { memory, isPruningPaused, isPruningRefused, isPauseUrgent }: ScheduleFacts,
): Promise<EnsuredSchedule> {
  const { protection, policy, volume, access, moverUser } = scene;
  const { claim, source, formerSource } = protection;
  const request = requestedBackup(scene);
  const retry = emptyVolumeRetry(scene, memory, context.now());
  const outcome = await ensureEngineBackup(context, {
    claim,
    volume,
    policy,
    access,
    moverUser,
    privilegedMovers: await context.privilegedMovers.allowedIn(claim.metadata.namespace),
    pruningPaused: isPruningPaused,
    pruningRefused: isPruningRefused,
    isPauseUrgent,
    manualTrigger: request.kind === 'tell' ? request.request : retry.trigger,
    current: source === formerSource ? undefined : source,
    former: formerSource,
  });
  return {
    status: request.kind === 'carriedOut' ? { lastBackupRequest: request.request } : {},
    problem: outcome.kind === 'refused' ? outcome.problem : undefined,
    waitMilliseconds: (outcome.kind === 'kept' ? undefined : outcome.lookAgainMilliseconds) ?? retry.waitMilliseconds,
  };
}

/** What becomes of the user's request for a backup now. */
function requestedBackup({ protection, volume }: BackupScene) {
  const { claim, source } = protection;
  return decideBackupRequest({
    asked: claim.metadata.annotations?.[BACKUP_NOW_ANNOTATION],
    carriedOut: volume.status?.lastBackupRequest,
    engineCarriedOut: source?.status?.lastManualSync,
    engineTold: manualTriggerOf(source),
    engineBusy: isBackingUp(source),
  });
}

interface EmptyVolumeRetry {
  /** A value for the engine's manual trigger: back up now, the volume may hold something by now. */
  readonly trigger?: string | undefined;
  readonly waitMilliseconds?: number | undefined;
}

/** An application that had not written anything yet when it was first backed up is not left alone until the next hour. */
function emptyVolumeRetry(
  { protection: { claim, source } }: BackupScene,
  { lastFinding }: BackupMemory,
  nowMilliseconds: number,
): EmptyVolumeRetry {
  if (lastFinding?.kind !== 'EmptyVolume') return {};
  const trigger = `after-empty-${lastFinding.time}`;
  if (source?.status?.lastManualSync === trigger) return {};
  const retryMilliseconds = emptyVolumeRetryMilliseconds(lastFinding.time, claim.metadata.creationTimestamp);
  const waitMilliseconds = retryMilliseconds - nowMilliseconds;
  return waitMilliseconds > 0 ? { waitMilliseconds } : { trigger };
}
