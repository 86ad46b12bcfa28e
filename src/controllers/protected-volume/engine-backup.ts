import type { BackupPolicy } from '../../api/backup-policy.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { isRetentionOurs } from '../../domain/retention/whose-retention.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import type { Failure, UnknownReason } from '../../destinations/outcome.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { buildReplicationSource } from '../../engines/volsync/replication-source.ts';
import { specPatch } from '../../engines/volsync/spec-patch.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { type SecretPlan, secretNameOf } from '../../engines/volsync/ensure-repository-secret.ts';
import {
  changeSchedule,
  createSchedule,
  type DesiredSchedule,
  inTheWay,
  pausePruning,
  pauseSchedule,
  removeFormerSecret,
  type ScheduleOutcome,
} from './write-schedule.ts';
import { ownershipOf, removeSchedule } from './schedule-owner.ts';
import { maySetMover } from './schedule-run.ts';

export interface BackupPlan {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  readonly policy: BackupPolicy;
  readonly access: RepositoryAccess;
  readonly moverUser: MoverUser;
  readonly privilegedMovers: boolean;
  readonly pruningPaused: boolean;
  /** The store lets nothing be deleted. */
  readonly pruningRefused: boolean;
  /** A run under way must not prune either, and is broken off for it. */
  readonly isPauseUrgent: boolean;
  /** A value of rebound.dev/backup-now that is still to be carried out. */
  readonly manualTrigger: string | undefined;
  readonly current: ReplicationSource | undefined;
  /** The claim's schedule under the name that the first releases gave it. */
  readonly former: ReplicationSource | undefined;
}

/** Answers that are certain: the store is not the destination that is meant. */
export const CERTAINLY_ANOTHER: ReadonlySet<UnknownReason> = new Set([
  'WrongIdentity',
  'IdentityMissing',
  'NotInitialized',
]);

const LOOK_AGAIN_MILLISECONDS = 30_000;
const COPY_LAG_MILLISECONDS = 1_000;

/** The Secret by which a claim's backups reach the store. */
export const backupSecretOf = ({
  claim,
  volume,
  access,
}: Pick<BackupPlan, 'claim' | 'volume' | 'access'>): SecretPlan => ({
  engineObjectName: nameForClaim(claim.metadata.name),
  namespace: claim.metadata.namespace,
  owner: ownerReference(volume),
  access,
});

function desiredSchedule(context: ControllerContext, plan: BackupPlan): DesiredSchedule {
  const { claim, policy, access } = plan;
  const { namespace, name: claimName } = claim.metadata;
  const secret = backupSecretOf(plan);
  const { engineObjectName, owner } = secret;
  const object = buildReplicationSource({
    name: engineObjectName,
    namespace,
    claimName,
    owner,
    repositorySecretName: secretNameOf(secret),
    hasCustomCA: access.caPem !== undefined,
    policy: policy.spec,
    claimStorageClass: context.stores.storageClasses.get(claim.spec.storageClassName ?? ''),
    moverUser: plan.moverUser,
    privilegedMovers: plan.privilegedMovers,
    pruningPaused: plan.pruningPaused,
    onlyAdds: plan.pruningRefused || isRetentionOurs(policy),
    manualTrigger: plan.manualTrigger,
  });
  return { object, secret };
}

/**
 * Makes the engine back the claim up: initialises the repository, then makes the repository's Secret, then the schedule, and
 * writes only what differs. Nothing is made or changed unless the destination was seen to be the right one just now; where
 * it certainly is not, the schedule is paused.
 */
export async function ensureEngineBackup(context: ControllerContext, plan: BackupPlan): Promise<ScheduleOutcome> {
  const { current, former, access, volume } = plan;
  const desired = desiredSchedule(context, plan);
  if (await pausesPruning(context, plan, desired)) {
    return { kind: 'withheld', lookAgainMilliseconds: COPY_LAG_MILLISECONDS };
  }
  const verified = await access.destination.verifyIdentity({ timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS });
  if (!verified.ok) return await withoutIdentity(context, plan, desired, verified);
  const ownership = current === undefined ? 'none' : ownershipOf(current, volume);
  if (current !== undefined && ownership === 'leftOver') {
    await removeSchedule(context, current);
    return { kind: 'withheld', lookAgainMilliseconds: COPY_LAG_MILLISECONDS };
  }
  if (current !== undefined && ownership === 'foreign') return inTheWay(current);
  if (former !== undefined) {
    if (!maySetMover(context, former)) return { kind: 'withheld', lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
    await removeSchedule(context, former);
  }
  if (current === undefined) return await createSchedule(context, plan, desired);
  const isChanged = await removeFormerSecret(context, current);
  if (isChanged) return { kind: 'withheld', lookAgainMilliseconds: COPY_LAG_MILLISECONDS };
  return await changeSchedule(context, { claim: plan.claim, access, current }, desired);
}

/** Before anything else: that nothing is pruned can do no harm, whatever is known of the destination. */
async function pausesPruning(
  context: ControllerContext,
  { current, former, volume, isPauseUrgent }: BackupPlan,
  { object }: DesiredSchedule,
): Promise<boolean> {
  const present = current ?? former;
  if (present === undefined || ownershipOf(present, volume) !== 'ours') return false;
  return await pausePruning(context, present, { wanted: object.spec, isUrgent: isPauseUrgent });
}

async function withoutIdentity(
  context: ControllerContext,
  { current, former, volume }: BackupPlan,
  { object }: DesiredSchedule,
  verified: Failure,
): Promise<ScheduleOutcome> {
  const problem = verified.message.replace(/\.$/, '');
  if (!CERTAINLY_ANOTHER.has(verified.reason)) {
    const isSettled = current !== undefined && specPatch(current.spec, object.spec) === undefined;
    return isSettled ? { kind: 'kept' } : { kind: 'refused', problem, lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
  }
  for (const schedule of [current, former]) {
    if (schedule !== undefined && ownershipOf(schedule, volume) === 'ours') await pauseSchedule(context, schedule);
  }
  return {
    kind: 'refused',
    problem: `${problem}. The schedule of this claim is paused until that is put right`,
    lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS,
  };
}
