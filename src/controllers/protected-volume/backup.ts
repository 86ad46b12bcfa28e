import { ACCEPT_COLLAPSE_ANNOTATION, BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { decideBackupRequest } from '../../domain/backup-request.ts';
import type { ProtectionFacts } from '../../domain/protection.ts';
import type { RepositoryCache } from '../../engines/restic/repository-cache.ts';
import { moverComplaint } from '../../engines/volsync/mover-log.ts';
import { isBackingUp, manualTriggerOf } from '../../engines/volsync/replication-source.ts';
import type { PersistentVolumeClaim } from '../../kube/objects.ts';
import type { ControllerContext } from '../context.ts';
import { moverUserOf } from '../mover-user.ts';
import { openRepository, type RepositoryAccess } from '../repository-access.ts';
import { type BackupOutcome, confirmBackup } from './backup-outcome.ts';
import { ensureEngineBackup } from './engine-backup.ts';
import type { Protection } from './observe.ts';

/** What a look at the engine adds to the facts and to the status. */
export interface BackupFindings {
  readonly facts: Partial<ProtectionFacts>;
  readonly status: Partial<ProtectedVolumeStatus>;
  /** Absent when nothing is to be done until something changes. */
  readonly lookAgainMilliseconds?: number | undefined;
}

/** After the destination could not confirm a backup. */
const CONFIRM_AGAIN_MILLISECONDS = 30_000;

export const nothingFound: BackupFindings = { facts: {}, status: {} };

/** Keeps the engine's schedule for a claim that may be backed up, and looks at what the engine has done since. */
export async function backUp(
  context: ControllerContext,
  cache: RepositoryCache,
  protection: Protection,
  volume: ProtectedVolume,
): Promise<BackupFindings> {
  const { claim, policy, source } = protection;
  if (policy === undefined) return nothingFound;
  const opened = openRepository(context, policy.spec.destination, claim.metadata);
  if (!opened.ok) return { ...nothingFound, facts: { repositoryProblem: opened.message } };
  const { access } = opened;
  const choice = moverUserOf(context.stores, claim, rememberedUser(protection, volume));
  if (!choice.ok) return { ...nothingFound, facts: { annotationProblem: choice.message } };
  const moverUser = choice.user;
  const sight: Sight = { protection, before: statusOf(claim, volume), access, moverUser };
  const found = await findBackup(context, cache, sight);
  const request = requestedBackup(claim, volume, protection);
  const status = { ...sight.before, ...found.status };
  const retry = emptyVolumeRetry(sight, status, found, context.now());
  await ensureEngineBackup(context, {
    claim,
    volume,
    policy,
    access,
    moverUser,
    pruningPaused: pausesPruning(status, found),
    manualTrigger: request.kind === 'tell' ? request.request : retry.trigger,
    current: source,
  });
  const remembered = isEmpty(moverUser) ? {} : { moverUser };
  return {
    ...found,
    status: {
      ...found.status,
      ...remembered,
      ...(request.kind === 'carriedOut' ? { lastBackupRequest: request.request } : {}),
    },
    lookAgainMilliseconds: found.lookAgainMilliseconds ?? retry.waitMilliseconds,
  };
}

/**
 * Nothing is pruned until the newest backup was looked at: it may be the one that shows a collapse, and what has vanished
 * may only be left in the older ones.
 */
const pausesPruning = ({ pruningPaused }: ProtectedVolumeStatus, { facts }: BackupFindings): boolean =>
  (pruningPaused ?? true) || facts.unconfirmed !== undefined || facts.missingSnapshot !== undefined;

const rememberedUser = ({ restore }: Protection, volume: ProtectedVolume): MoverUser | undefined =>
  volume.status?.moverUser ?? restore?.status?.moverUser;

const isEmpty = (user: MoverUser): boolean => Object.keys(user).length === 0;

interface EmptyVolumeRetry {
  /** A value for the engine's manual trigger: back up now, the volume may hold something by now. */
  readonly trigger?: string | undefined;
  readonly waitMilliseconds?: number | undefined;
}

/** An application that had not written anything yet when it was first backed up is not left alone until the next hour. */
function emptyVolumeRetry(
  { protection }: Sight,
  status: ProtectedVolumeStatus,
  found: BackupFindings,
  nowMilliseconds: number,
): EmptyVolumeRetry {
  const attemptedAt = status.lastBackupAttemptTime;
  if (found.facts.emptyVolume !== true || attemptedAt === undefined) return {};
  const trigger = `after-empty-${attemptedAt}`;
  if (protection.source?.status?.lastManualSync === trigger) return {};
  const attemptedMilliseconds = Date.parse(attemptedAt);
  const ageMilliseconds = attemptedMilliseconds - Date.parse(protection.claim.metadata.creationTimestamp);
  const waitMilliseconds = attemptedMilliseconds + retryDelayMilliseconds(ageMilliseconds) - nowMilliseconds;
  return waitMilliseconds > 0 ? { waitMilliseconds } : { trigger };
}

/** The longer the claim has been there, the longer the wait: half a minute at first, then doubling, up to an hour. */
const retryDelayMilliseconds = (ageMilliseconds: number): number =>
  Math.min(60 * 60_000, Math.max(30_000, ageMilliseconds));

/** The status, where it speaks of this claim and not of an earlier one of the same name. */
const statusOf = (claim: PersistentVolumeClaim, volume: ProtectedVolume): ProtectedVolumeStatus | undefined =>
  volume.status?.claimUID === claim.metadata.uid ? volume.status : undefined;

interface Sight {
  readonly protection: Protection;
  readonly before: ProtectedVolumeStatus | undefined;
  readonly access: RepositoryAccess;
  readonly moverUser: MoverUser;
}

/** Looks whether the engine has ended a backup since the last look, and whether it can be believed. */
async function findBackup(context: ControllerContext, cache: RepositoryCache, sight: Sight): Promise<BackupFindings> {
  const { before, protection, access } = sight;
  const complaint = complaintOf(protection);
  const endedAt = protection.source?.status?.lastSyncTime ?? undefined;
  if (endedAt === undefined || (endedAt === before?.lastBackupAttemptTime && !acceptsCollapse(sight))) {
    return { facts: { ...remember(before), ...complaint }, status: {} };
  }
  const outcome = await confirmBackup(cache, access, finishedBackup(context, sight));
  const findings = findingsOf(outcome, endedAt);
  return { ...findings, facts: { ...findings.facts, ...complaint } };
}

function complaintOf({ source }: Protection): { readonly moverComplaint?: string } {
  const mover = source?.status?.latestMoverStatus;
  if (mover?.result !== 'Failed') return {};
  return { moverComplaint: moverComplaint(mover.logs ?? '') ?? 'nothing that explains it; look at the log of its pod' };
}

/** Whether the user has accepted the collapse that pruning is paused for. */
function acceptsCollapse({ protection, before }: Sight): boolean {
  const accepted = protection.claim.metadata.annotations?.[ACCEPT_COLLAPSE_ANNOTATION];
  if (before?.pruningPaused !== true || accepted === undefined) return false;
  return before.lastBackup?.id.startsWith(accepted) ?? false;
}

function finishedBackup(context: ControllerContext, { protection, moverUser }: Sight) {
  const { claim, source, tier } = protection;
  const { namespace, name, uid, annotations } = claim.metadata;
  return {
    namespace,
    claimName: name,
    claimUID: uid,
    policyName: tier,
    moverUser,
    moverLog: source?.status?.latestMoverStatus?.logs ?? '',
    acceptedCollapse: annotations?.[ACCEPT_COLLAPSE_ANNOTATION],
    nowMilliseconds: context.now(),
  };
}

/** What an earlier look found and nothing has changed since. */
function remember(before: ProtectedVolumeStatus | undefined): Partial<ProtectionFacts> {
  const ready = before?.conditions?.find((one) => one.type === 'Ready');
  switch (ready?.reason) {
    case 'ContentCollapsed':
      return { collapse: 'The content of the volume collapsed' };
    case 'SnapshotMissing':
      return { missingSnapshot: 'the last one is not in the destination' };
    case 'EmptyVolume':
      return { emptyVolume: true };
    default:
      return {};
  }
}

function findingsOf(outcome: BackupOutcome, endedAt: string): BackupFindings {
  switch (outcome.kind) {
    case 'unknown':
      return { facts: { unconfirmed: outcome.message }, status: {}, lookAgainMilliseconds: CONFIRM_AGAIN_MILLISECONDS };
    case 'missing':
      return {
        facts: { missingSnapshot: outcome.message },
        status: { lastBackupAttemptTime: endedAt },
      };
    case 'emptyVolume':
      return { facts: { emptyVolume: true }, status: { lastBackupAttemptTime: endedAt } };
    case 'found': {
      const { collapse, snapshot } = outcome;
      return {
        facts: collapse.collapsed ? { collapse: collapse.message } : {},
        status: { lastBackup: snapshot, lastBackupAttemptTime: endedAt, pruningPaused: collapse.collapsed },
      };
    }
  }
}

/** What becomes of the user's request for a backup now. */
function requestedBackup(claim: PersistentVolumeClaim, volume: ProtectedVolume, { source }: Protection) {
  return decideBackupRequest({
    asked: claim.metadata.annotations?.[BACKUP_NOW_ANNOTATION],
    carriedOut: volume.status?.lastBackupRequest,
    engineCarriedOut: source?.status?.lastManualSync,
    engineTold: manualTriggerOf(source),
    engineBusy: isBackingUp(source),
  });
}
