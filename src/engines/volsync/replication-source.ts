import type { BackupPolicySpec, Schedule } from '../../api/backup-policy.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { OVERDUE_INTERVALS } from '../../domain/overdue.ts';
import { cronSchedule, intervalSeconds } from '../../domain/schedule.ts';
import type { OwnerReference } from '../../kube/model/kind.ts';
import type { StorageClass } from '../../kube/model/built-in-kinds.ts';
import type { ReplicationSource } from './kinds.ts';
import { cacheVolume } from './cache-volume.ts';
import { moverPodLabels } from './mover-pod-labels.ts';
import { readingMoverSecurityContext } from './mover-security.ts';
import { customCA } from './repository-secret.ts';

/** A controller that is away for so long has lost nothing when it is back. */
const DAYS_UNSEEN = 2;
const SECONDS_PER_DAY = 86_400;

/**
 * Whatever the policy says, nothing younger than this goes. The engine forgets by itself after every backup, also while the
 * controller is away and can't see that the content collapsed: the last good backup must outlast that absence. It is no
 * older than the time after which a backup is overdue, since from then on everything is kept.
 */
function keepAlways(schedule: Schedule): string {
  const days = (OVERDUE_INTERVALS * intervalSeconds(schedule)) / SECONDS_PER_DAY;
  return `${DAYS_UNSEEN + Math.ceil(days)}d`;
}

/** restic's `--keep-within` for "everything": no snapshot is older than this. */
const KEEP_EVERYTHING = '1000y';

/**
 * What follows it where the store lets nothing be deleted: a forget locks the repository for itself even where it removes
 * nothing, and the lock of the backup before it, which could not be deleted, would keep it out. Without changes it needs no
 * lock (cmd/restic/cmd_forget.go, 0.18). VolSync's script splits its options at blanks (mover-restic/entry.sh, v0.14).
 */
const REMOVE_NOTHING = `${KEEP_EVERYTHING} --dry-run --no-lock`;

/** A hundred years: Go's durations (VolSync's `shouldPrune`) reach to some three hundred. */
const NEVER_PRUNED_DAYS = 36_500;

export interface BackupRequest {
  readonly name: string;
  readonly namespace: string;
  readonly claimName: string;
  readonly owner: OwnerReference;
  readonly repositorySecretName: string;
  /** Whether that Secret carries a certificate authority. */
  readonly hasCustomCA: boolean;
  readonly policy: BackupPolicySpec;
  /** The class of the claim; absent when it has none, or one that does not exist. */
  readonly claimStorageClass?: StorageClass | undefined;
  readonly moverUser: MoverUser;
  /** Whether the engine makes movers of the namespace root, whomever they are said to be. */
  readonly privilegedMovers: boolean;
  /** Asks for a backup now; the schedule rests while it is set. */
  readonly manualTrigger?: string | undefined;
  /** True while something is open: every snapshot is kept. */
  readonly pruningPaused: boolean;
  /** Every snapshot is kept, and nothing is pruned: the store lets nothing be deleted, or the repository is kept by others. */
  readonly onlyAdds: boolean;
}

/** VolSync keeps one snapshot only when `retain` is left out, so it never is. */
function retain({
  policy: { retention, schedule },
  pruningPaused,
  onlyAdds,
}: Pick<BackupRequest, 'policy' | 'pruningPaused' | 'onlyAdds'>): Readonly<Record<string, unknown>> {
  const { last, ...tiers } = retention;
  const kept = Object.entries(tiers).filter(([, count]) => count !== undefined && count > 0);
  return {
    // Never fewer than two: the engine forgets right after a backup, before anybody could see that it is a collapsed one.
    last: String(Math.max(2, last)),
    ...Object.fromEntries(kept),
    within: onlyAdds ? REMOVE_NOTHING : pruningPaused ? KEEP_EVERYTHING : keepAlways(schedule),
  };
}

const keepsEverything = ({ within }: Readonly<Record<string, unknown>>): boolean =>
  within === KEEP_EVERYTHING || within === REMOVE_NOTHING;

/** The value of `spec.trigger.manual` that an object carries. */
export function manualTriggerOf(source: Pick<ReplicationSource, 'spec'> | undefined): string | undefined {
  const trigger = source?.spec['trigger'];
  if (typeof trigger !== 'object' || trigger === null || Array.isArray(trigger)) return undefined;
  return typeof trigger['manual'] === 'string' ? trigger['manual'] : undefined;
}

/** Whether a backup is under way. */
export const isBackingUp = (source: Pick<ReplicationSource, 'status'> | undefined): boolean =>
  typeof source?.status?.lastSyncStartTime === 'string';

/** VolSync names a backup's Job after its object (internal/controller/mover/restic/mover.go, v0.14). */
export const backupJobName = (sourceName: string): string => `volsync-src-${sourceName}`;

/** Whether the last run has ended; false too before the first one has. */
export const hasRunToEnd = (source: ReplicationSource): boolean =>
  !isBackingUp(source) && typeof source.status?.lastSyncTime === 'string';

/** When the run under way began, or the engine was told to begin the first one; milliseconds since 1970. */
export const runBeganAt = ({ status, metadata }: ReplicationSource): number =>
  Date.parse(status?.lastSyncStartTime ?? metadata.creationTimestamp ?? '');

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const resticOf = ({ restic }: ReplicationSource['spec']): Readonly<Record<string, unknown>> =>
  isFields(restic) ? restic : {};

/** Name of the claim that an object backs up; empty where it names none. */
export function sourceClaimOf({ spec }: Pick<ReplicationSource, 'spec'>): string {
  const { sourcePVC } = spec;
  return typeof sourcePVC === 'string' ? sourcePVC : '';
}

/** The Secret that an object names. */
export function repositorySecretOf({ spec }: Pick<ReplicationSource, 'spec'>): string | undefined {
  const { repository } = resticOf(spec);
  return typeof repository === 'string' ? repository : undefined;
}

/**
 * A spec as it is, but with nothing pruned, where the wanted one says so. VolSync hands the retention to the mover: it
 * replaces a Job whose retention differs, and the mover before it would have forgotten by the old one.
 */
export function specWithPruningPaused(
  actual: ReplicationSource['spec'],
  { restic: { retain: wanted, pruneIntervalDays } }: ReturnType<typeof buildReplicationSource>['spec'],
) {
  if (!keepsEverything(wanted)) return {};
  return {
    restic: { ...resticOf(actual), retain: wanted, ...(isNever(pruneIntervalDays) ? { pruneIntervalDays } : {}) },
  };
}

const isNever = (pruneIntervalDays: unknown): boolean => pruneIntervalDays === NEVER_PRUNED_DAYS;

/** Whether the runs of an object ask the store to delete nothing but locks. */
export const prunesNothing = ({ spec }: Pick<ReplicationSource, 'spec'>): boolean =>
  isNever(resticOf(spec)['pruneIntervalDays']);

/** Whether every try of a run saves the same copy of the volume. Without one it reads what there is by then. */
export const readsCopy = ({ spec }: Pick<ReplicationSource, 'spec'>): boolean =>
  resticOf(spec)['copyMethod'] !== 'Direct';

/** A spec as it is, but with nothing pruned, whatever the policy says. */
export function specKeepingEverything(actual: ReplicationSource['spec']) {
  const { retain: present } = resticOf(actual);
  const kept = isFields(present) ? present : {};
  if (keepsEverything(kept)) return {};
  return { restic: { ...resticOf(actual), retain: { ...kept, within: KEEP_EVERYTHING } } };
}

/** Builds the object by which VolSync backs one claim up. */
export function buildReplicationSource(request: BackupRequest) {
  const { policy, namespace, claimName } = request;
  const securityContext = readingMoverSecurityContext(request.moverUser, request.privilegedMovers);
  return {
    metadata: {
      name: request.name,
      namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [request.owner],
    },
    spec: {
      sourcePVC: claimName,
      trigger: {
        schedule: cronSchedule(policy.schedule, namespace, claimName),
        ...(request.manualTrigger === undefined ? {} : { manual: request.manualTrigger }),
      },
      paused: policy.suspend,
      restic: {
        repository: request.repositorySecretName,
        ...customCA(request.repositorySecretName, request.hasCustomCA),
        copyMethod: policy.volSync.copyMethod,
        pruneIntervalDays: request.onlyAdds ? NEVER_PRUNED_DAYS : policy.volSync.pruneIntervalDays,
        retain: retain(request),
        ...cacheVolume(policy, request.claimStorageClass),
        moverPodLabels,
        ...(policy.volSync.volumeSnapshotClassName === undefined
          ? {}
          : { volumeSnapshotClassName: policy.volSync.volumeSnapshotClassName }),
        ...(securityContext === undefined ? {} : { moverSecurityContext: securityContext }),
      },
    },
  };
}
