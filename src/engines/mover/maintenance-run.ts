import type { Job, Pod } from '../../kube/model/built-in-kinds.ts';
import { failedRestic, hasFailed, hasSucceeded, jobFailure, type MoverFailure } from './mover-failure.ts';
import { FORGET_CONTAINER } from './mover-pod.ts';
import { stuckPod } from './stuck-pod.ts';

/** Where the Job of a maintenance stands. */
export type MaintenanceRun =
  /** Not allowed to start yet. */
  | { readonly kind: 'suspended' }
  /** `stuck`: what keeps its pod from starting, a sentence; absent where nothing is known to. */
  | { readonly kind: 'running'; readonly stuck?: string | undefined }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly failure: MoverFailure };

/**
 * Says where a maintenance stands, by its Job and the pod of it.
 *
 * @param pod the newest of the Job's, found by its UID; undefined where there is none.
 */
export function readMaintenanceRun(job: Job, pod: Pod | undefined): MaintenanceRun {
  const failure = failedRestic(pod, FORGET_CONTAINER) ?? failedRestic(pod);
  if (failure !== undefined) return { kind: 'failed', failure };
  if (hasFailed(job, pod)) return { kind: 'failed', failure: jobFailure(job, pod) };
  if (hasSucceeded(job)) return { kind: 'ended' };
  if (job.spec.suspend === true) return { kind: 'suspended' };
  return { kind: 'running', stuck: pod === undefined ? undefined : stuckPod(pod) };
}

/** The snapshots that a Job was told to remove. */
export const snapshotsToRemove = ({ spec }: Job): readonly string[] =>
  spec.template?.spec.initContainers?.find(({ name }) => name === FORGET_CONTAINER)?.args?.slice(1) ?? [];
