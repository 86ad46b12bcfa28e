import { type LookReport, lookReport } from '../../domain/look-report.ts';
import { isWholeRestore, type RestoreRecord, restoreRecord } from '../../domain/restore-record.ts';
import type { Job, Pod } from '../../kube/model/built-in-kinds.ts';
import { type ContainerEnd, endOf } from './container-end.ts';
import { failedRestic, hasFailed, hasSucceeded, jobFailure, type MoverFailure, ownFailure } from './mover-failure.ts';
import { LOOK_CONTAINER, PROVE_CONTAINER, RESTIC_CONTAINER } from './mover-pod.ts';
import { parsedMessage } from './parsed-message.ts';
import { stuckPod } from './stuck-pod.ts';

/** Where the Job of an attempt to restore stands. */
export type RestoreRun =
  /** Not allowed to start yet. */
  | { readonly kind: 'suspended' }
  /** `stuck`: what keeps its pod from starting, a sentence; absent where nothing is known to. */
  | { readonly kind: 'starting'; readonly stuck?: string | undefined }
  | { readonly kind: 'restoring' | 'proving' }
  /** Every name, type and size is that of the snapshot. */
  | { readonly kind: 'proven'; readonly record: RestoreRecord }
  /** restic ended well, and the volume is not what the snapshot is. */
  | { readonly kind: 'mismatch'; readonly record: RestoreRecord }
  /** Nothing was written: the volume held files. */
  | { readonly kind: 'notEmpty'; readonly report: LookReport }
  /** `mayHaveWritten`: the volume was found empty, and restic was let at it. */
  | { readonly kind: 'failed'; readonly failure: MoverFailure; readonly mayHaveWritten: boolean };

function endedProof(end: ContainerEnd): RestoreRun {
  const record = parsedMessage(restoreRecord, end.message);
  if (record === undefined) return { kind: 'failed', failure: ownFailure(PROVE_CONTAINER, end), mayHaveWritten: true };
  return end.exitCode === 0 && isWholeRestore(record) ? { kind: 'proven', record } : { kind: 'mismatch', record };
}

/** A report on a volume that held files, else why the look failed. */
function refusedLook(end: ContainerEnd): RestoreRun {
  const report = parsedMessage(lookReport, end.message);
  if (report !== undefined) return { kind: 'notEmpty', report };
  return { kind: 'failed', failure: ownFailure(LOOK_CONTAINER, end), mayHaveWritten: false };
}

function ofPod(pod: Pod): RestoreRun | undefined {
  const look = endOf(pod, LOOK_CONTAINER);
  if (look !== undefined && look.exitCode !== 0) return refusedLook(look);
  const failure = failedRestic(pod);
  if (failure !== undefined) return { kind: 'failed', failure, mayHaveWritten: true };
  const proof = endOf(pod, PROVE_CONTAINER);
  return proof === undefined ? undefined : endedProof(proof);
}

/** Whether the look has let restic at the volume. */
const wasLet = (pod: Pod | undefined): boolean => pod !== undefined && endOf(pod, LOOK_CONTAINER)?.exitCode === 0;

function underWay(pod: Pod | undefined): RestoreRun {
  if (pod === undefined) return { kind: 'starting' };
  if (endOf(pod, RESTIC_CONTAINER) !== undefined) return { kind: 'proving' };
  if (endOf(pod, LOOK_CONTAINER) !== undefined) return { kind: 'restoring' };
  return { kind: 'starting', stuck: stuckPod(pod) };
}

/**
 * Says where an attempt stands, by its Job and the pod of it; logs add nothing. What a container says of itself counts as soon
 * as it has ended: the Job's own word comes a second or two later.
 *
 * @param pod the newest of the Job's, found by its UID; undefined where there is none.
 */
export function readRestoreRun(job: Job, pod: Pod | undefined): RestoreRun {
  const said = pod === undefined ? undefined : ofPod(pod);
  if (said !== undefined) return said;
  if (hasFailed(job, pod)) return { kind: 'failed', failure: jobFailure(job, pod), mayHaveWritten: wasLet(pod) };
  if (hasSucceeded(job)) {
    const message = 'The mover ended well, but its pod, which had the proof, is gone: nothing is proven.';
    return { kind: 'failed', failure: { cause: 'failed', message }, mayHaveWritten: true };
  }
  return job.spec.suspend === true ? { kind: 'suspended' } : underWay(pod);
}
