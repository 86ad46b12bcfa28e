import type { Job, Pod } from '../../kube/model/built-in-kinds.ts';
import { hasEnded } from '../../kube/model/pod-life.ts';
import { type ContainerEnd, endOf, exitInWords } from './container-end.ts';
import { RESTIC_CONTAINER } from './mover-pod.ts';
import { resticComplaint } from './restic-lines.ts';

/** Why a run did not come to its end. */
export interface MoverFailure {
  /**
   * `locked`, `wrongPassword`, `noRepository`: restic said so. `partial`: restic left out what it could not read. `memory`: killed
   * for lack of it. `disrupted`: its pod was taken away. `failed`: anything else.
   */
  readonly cause: 'locked' | 'wrongPassword' | 'noRepository' | 'partial' | 'memory' | 'disrupted' | 'failed';
  /** A sentence with its full stop; holds the words of who failed. */
  readonly message: string;
}

type Conditions = NonNullable<Job['status'] | Pod['status']>['conditions'];

const resticCauses: Readonly<Record<number, MoverFailure['cause']>> = {
  3: 'partial',
  10: 'noRepository',
  11: 'locked',
  12: 'wrongPassword',
};

const sentence = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
};

/** Why restic ended badly. */
export function resticFailure(end: ContainerEnd): MoverFailure {
  if (end.reason === 'OOMKilled') return outOfMemory(RESTIC_CONTAINER);
  const said = resticComplaint(end.message);
  const message = sentence(`restic failed (${exitInWords(end)})${said === undefined ? '' : `: ${said}`}`);
  return { cause: resticCauses[end.exitCode] ?? 'failed', message };
}

/** Why one of our own containers ended badly. */
export function ownFailure(name: string, end: ContainerEnd): MoverFailure {
  if (end.reason === 'OOMKilled') return outOfMemory(name);
  const why = end.message === '' ? `it ended without a word (${exitInWords(end)})` : end.message;
  return { cause: 'failed', message: sentence(`Container ${name} of the mover failed: ${why}`) };
}

const outOfMemory = (name: string): MoverFailure => ({
  cause: 'memory',
  message: `Container ${name} of the mover was killed for lack of memory.`,
});

const conditionOf = (conditions: Conditions, wanted: string) =>
  conditions?.find(({ type, status }) => type === wanted && status === 'True');

function disruption(pod: Pod | undefined): MoverFailure | undefined {
  const target = conditionOf(pod?.status?.conditions, 'DisruptionTarget');
  if (target === undefined) return undefined;
  const why = target.message ?? target.reason ?? 'it was evicted';
  return { cause: 'disrupted', message: sentence(`The mover's pod was taken away: ${why}`) };
}

/** Why a Job has failed of which no container says it: its pod was evicted, deleted or never made, or it was deleted itself. */
export const jobFailure = (job: Job, pod: Pod | undefined): MoverFailure =>
  disruption(pod) ?? (isAbandoned(job, pod) ? deletion(job) : unexplained(job, pod));

function unexplained({ status }: Job, pod: Pod | undefined): MoverFailure {
  const failed = conditionOf(status?.conditions, 'Failed');
  const words = pod?.status?.message ?? failed?.message ?? failed?.reason ?? 'nobody says why';
  return { cause: 'failed', message: sentence(`The mover's Job failed: ${words}`) };
}

const deletion = ({ metadata: { name, namespace } }: Job): MoverFailure => ({
  cause: 'failed',
  message: `Somebody has deleted Job ${name} in namespace ${namespace} before its mover had ended.`,
});

/**
 * Whether the Job was deleted, stays for its finalizer only, and has no pod that goes on: the Job controller makes none for it any more
 * (Kubernetes 1.34, pkg/controller/job/job_controller.go, syncJob).
 */
const isAbandoned = (job: Job, pod: Pod | undefined): boolean =>
  job.metadata.deletionTimestamp !== undefined && !hasEndedItself(job) && (pod === undefined || hasEnded(pod));

const isTrue = ({ status }: Job, wanted: string): boolean => conditionOf(status?.conditions, wanted) !== undefined;

const saysFailed = (job: Job): boolean => isTrue(job, 'Failed') || isTrue(job, 'FailureTarget');

const hasEndedItself = (job: Job): boolean => saysFailed(job) || hasSucceeded(job);

/** Whether the Job has failed, is about to say so, or was deleted and never will. */
export const hasFailed = (job: Job, pod: Pod | undefined): boolean => saysFailed(job) || isAbandoned(job, pod);

/** Whether the Job has ended well, or is about to say so. */
export const hasSucceeded = (job: Job): boolean => isTrue(job, 'Complete') || isTrue(job, 'SuccessCriteriaMet');

/** How restic ended, where it ended badly. */
export function failedRestic(pod: Pod | undefined, container = RESTIC_CONTAINER): MoverFailure | undefined {
  const end = pod === undefined ? undefined : endOf(pod, container);
  return end === undefined || end.exitCode === 0 ? undefined : resticFailure(end);
}
