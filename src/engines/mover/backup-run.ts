import { z } from 'zod';
import { isEmpty, lookReport } from '../../domain/look-report.ts';
import type { Job, Pod } from '../../kube/model/built-in-kinds.ts';
import type { UnreadableFiles } from '../engine.ts';
import { type ContainerEnd, endOf } from './container-end.ts';
import { hasBegun } from '../../kube/model/pod-life.ts';
import { failedRestic, hasFailed, hasSucceeded, jobFailure, type MoverFailure, ownFailure } from './mover-failure.ts';
import { LOOK_CONTAINER, RECORD_CONTAINER, RESTIC_CONTAINER } from './mover-pod.ts';
import { parsedMessage } from './parsed-message.ts';
import { unreadableFiles } from './restic-lines.ts';
import { stuckPod } from './stuck-pod.ts';

const count = z.int().min(0);

/** What the mover says of the snapshot that it made and recorded. */
const recordedSnapshot = z.object({
  snapshotId: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.iso.datetime({ offset: true }),
  files: count,
  directories: count,
  sizeBytes: count,
});

export type RecordedSnapshot = z.infer<typeof recordedSnapshot>;

/** Where the Job of a backup run stands. */
export type BackupRun =
  /** Not allowed to start yet. */
  | { readonly kind: 'suspended' }
  /** `stuck`: what keeps its pod from starting, a sentence; absent where nothing is known to. */
  | { readonly kind: 'starting'; readonly stuck?: string | undefined }
  | { readonly kind: 'saving' | 'recording' }
  /** `snapshot` is absent where the pod that named it is gone: the run's record beside the repository names it. */
  | { readonly kind: 'recorded'; readonly snapshot?: RecordedSnapshot | undefined }
  /** The volume held no file. */
  | { readonly kind: 'empty' }
  /** The snapshot lacks what could not be read. */
  | { readonly kind: 'partial'; readonly unreadable: UnreadableFiles }
  /** `isWhole`: restic had ended well, so that a snapshot of this run lacks nothing. */
  | { readonly kind: 'failed'; readonly failure: MoverFailure; readonly isWhole: boolean };

const failedBy = (failure: MoverFailure, isWhole = false): BackupRun => ({ kind: 'failed', failure, isWhole });

function refusedLook(end: ContainerEnd): BackupRun {
  const report = parsedMessage(lookReport, end.message);
  return report !== undefined && isEmpty(report) ? { kind: 'empty' } : failedBy(ownFailure(LOOK_CONTAINER, end));
}

function endedRestic(pod: Pod): BackupRun | undefined {
  const failure = failedRestic(pod);
  if (failure === undefined) return undefined;
  const message = endOf(pod, RESTIC_CONTAINER)?.message ?? '';
  return failure.cause === 'partial' ? { kind: 'partial', unreadable: unreadableFiles(message) } : failedBy(failure);
}

function ofPod(pod: Pod): BackupRun | undefined {
  const look = endOf(pod, LOOK_CONTAINER);
  if (look !== undefined && look.exitCode !== 0) return refusedLook(look);
  const ended = endedRestic(pod);
  if (ended !== undefined) return ended;
  const end = endOf(pod, RECORD_CONTAINER);
  if (end === undefined) return undefined;
  const snapshot = end.exitCode === 0 ? parsedMessage(recordedSnapshot, end.message) : undefined;
  return snapshot === undefined ? failedBy(ownFailure(RECORD_CONTAINER, end), true) : { kind: 'recorded', snapshot };
}

/** Whether restic had ended well, whatever came after it. */
export const hasSaved = (pod: Pod): boolean => endOf(pod, RESTIC_CONTAINER)?.exitCode === 0;

function underWay(pod: Pod | undefined): BackupRun {
  if (pod === undefined) return { kind: 'starting' };
  if (hasSaved(pod)) return { kind: 'recording' };
  const isWaiting = pod.status?.phase === 'Pending' && (stuckPod(pod) !== undefined || !hasBegun(pod));
  return isWaiting ? { kind: 'starting', stuck: stuckPod(pod) } : { kind: 'saving' };
}

/**
 * Says where a backup run stands, by its Job and the pod of it; logs add nothing. A failed pod that the Job replaces, since it
 * was taken away, is no failed run.
 *
 * @param pod the newest of the Job's, found by its UID; undefined where there is none.
 */
export function readBackupRun(job: Job, pod: Pod | undefined): BackupRun {
  const said = pod === undefined ? undefined : ofPod(pod);
  if (said?.kind === 'recorded') return said;
  if (hasFailed(job, pod)) return said ?? failedBy(jobFailure(job, pod), pod !== undefined && hasSaved(pod));
  if (hasSucceeded(job)) return { kind: 'recorded' };
  return job.spec.suspend === true ? { kind: 'suspended' } : underWay(pod);
}
