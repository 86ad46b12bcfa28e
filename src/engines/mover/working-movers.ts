import { MOVERS_NAMESPACE } from '../../api/group.ts';
import {
  BACKUP_ROLE,
  CLAIM_ANNOTATION,
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  COPY_ROLE,
  MAINTAIN_ROLE,
  RESTORE_ROLE,
  ROLE_LABEL,
} from '../../api/labels.ts';
import type { MoverTask } from '../../domain/queue/mover.ts';
import { runOfCopy } from '../../domain/object-names.ts';
import type { ReadableStore } from '../../kube/cache/store.ts';
import type { Job, PersistentVolumeClaim, Pod } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import { hasBegun, hasEnded } from '../../kube/model/pod-life.ts';
import { PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';
import type { VolumeSnapshot } from '../../kube/model/volume-snapshot-kinds.ts';
import { hasFailed, hasSucceeded } from './mover-failure.ts';

/** Whether a pod is a mover's of our own. */
export const isMoverPod = ({ metadata }: Pod): boolean =>
  metadata.namespace === MOVERS_NAMESPACE && metadata.labels?.[ROLE_LABEL] !== undefined;

/** Index of the pods of movers of our own, under this very word. */
export const MOVER_PODS = 'moverPods';

/** One that has not started within so long has no place of its own any more: whatever keeps it must not keep all others. */
export const STUCK_MILLISECONDS = 10 * 60_000;
/** A pod that should be gone since may be on a node that is off, and nobody knows. */
const LOST_MILLISECONDS = 60_000;

/** What tells which movers work. */
export interface WorkStores {
  readonly moverJobs: ReadableStore<Job>;
  readonly snapshots: ReadableStore<VolumeSnapshot>;
  readonly copyClaims: ReadableStore<PersistentVolumeClaim>;
  readonly pods: ReadableStore<Pod>;
}

/** A mover that is at work, or is about to be. */
export interface WorkingMover {
  readonly task: MoverTask;
  readonly claimUid: string;
  readonly namespace: string;
  /** The claim, as `namespace/name`; absent where only its pod is left. */
  readonly claimKey?: string | undefined;
}

const tasks: Readonly<Record<string, MoverTask>> = {
  [RESTORE_ROLE]: 'restore',
  [BACKUP_ROLE]: 'backup',
  [COPY_ROLE]: 'backup',
  [MAINTAIN_ROLE]: 'maintenance',
};

function moverOf({ metadata: { labels = {}, annotations = {} } }: KubeObject): WorkingMover | undefined {
  const task = tasks[labels[ROLE_LABEL] ?? ''];
  const claimUid = labels[CLAIM_UID_LABEL];
  if (task === undefined || claimUid === undefined) return undefined;
  const claimKey = annotations[CLAIM_ANNOTATION];
  const namespace = labels[CLAIM_NAMESPACE_LABEL] ?? '';
  return { task, claimUid, namespace, ...(claimKey === undefined ? {} : { claimKey }) };
}

const isOver = (job: Job): boolean => hasFailed(job, undefined) || hasSucceeded(job);
const isGoing = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

function isPodAtWork(pod: Pod, nowMilliseconds: number): boolean {
  if (hasEnded(pod) || !hasBegun(pod)) return false;
  const { deletionTimestamp } = pod.metadata;
  return deletionTimestamp === undefined || nowMilliseconds - Date.parse(deletionTimestamp) < LOST_MILLISECONDS;
}

/**
 * The movers of our own that work, by local copies: a backup from its first snapshot on, since that holds storage, until its Job has
 * ended; all others as long as their Job lasts, or its pod.
 *
 * @param isRead whether the run of a claim, `namespace/name`, is over and was read: what is left of it is being removed.
 */
export function workingMovers(
  stores: WorkStores,
  isRead: (claimKey: string, runName: string) => boolean,
  nowMilliseconds: number,
): readonly WorkingMover[] {
  const isStuck = (since: string): boolean => nowMilliseconds - Date.parse(since) >= STUCK_MILLISECONDS;
  const all = stores.moverJobs.list();
  const isJobAtWork = (job: Job): boolean => {
    if (isOver(job) || isGoing(job)) return false;
    const isStarted = stores.pods.byIndex(PODS_BY_JOB, objectKey(job.metadata)).some(hasBegun);
    return isStarted || !isStuck(job.status?.startTime ?? job.metadata.creationTimestamp);
  };
  const jobNames = new Set(all.map(({ metadata }) => metadata.name));
  const isPreparing = (object: KubeObject, runName: string): boolean =>
    !isGoing(object) &&
    !jobNames.has(runName) &&
    !isRead(object.metadata.annotations?.[CLAIM_ANNOTATION] ?? '', runName) &&
    !isStuck(object.metadata.creationTimestamp ?? '');
  return [
    ...all.filter(isJobAtWork),
    ...stores.pods.byIndex(MOVER_PODS, MOVER_PODS).filter((pod) => isPodAtWork(pod, nowMilliseconds)),
    ...stores.snapshots.list().filter((one) => isFirst(one) && isPreparing(one, one.metadata.name)),
    ...stores.copyClaims.list().filter((one) => isPreparing(one, runOfCopy(one.metadata.name))),
  ].flatMap((object) => moverOf(object) ?? []);
}

/** The claim's own snapshot, and not the movers' one, whose name is another. */
const isFirst = ({ metadata }: VolumeSnapshot): boolean => metadata.labels?.[ROLE_LABEL] === BACKUP_ROLE;
