import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { writingGroup } from '../../domain/mover-user.ts';
import { primeClaimName } from '../../domain/object-names.ts';
import type { MoverProgress } from '../../domain/restore-progress.ts';
import type { RestoreRecord } from '../../domain/restore-record.ts';
import { type Job, jobs, type Pod } from '../../kube/model/built-in-kinds.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import { discardAttempts } from '../discard-attempts.ts';
import type { AttemptPlan, AttemptRef, AttemptState, RestoreEngine } from '../engine.ts';
import type { MoverTrouble } from '../mover-trouble.ts';
import type { MoverContext } from './context.ts';
import { dropJob } from './drop-job.ts';
import type { MoverClient } from './job-labels.ts';
import { podOf } from './job-pod.ts';
import { lastProgress } from './last-progress.ts';
import { buildRestoreJob, restoreJobName, type RestorePlan } from './restore-job.ts';
import { restoreRefusal } from './restore-refusal.ts';
import { readRestoreRun, type RestoreRun } from './restore-run.ts';
import { placeAsUsers } from './mover-placement.ts';
import { lostPod } from './lost-pod.ts';
import { moverRepository } from './mover-repository.ts';
import { startMover } from './start-mover.ts';
import { explainUnstarted } from './unstarted-mover.ts';

const jobRef = ({ restore, attempt }: AttemptRef) => ({
  namespace: MOVERS_NAMESPACE,
  name: restoreJobName(ownerReference(restore).uid, attempt),
});

const clientOf = (restore: VolumeRestore): MoverClient & { readonly role: 'restore' } => ({
  role: 'restore',
  claim: {
    namespace: restore.metadata.namespace ?? '',
    name: restore.spec.claimName,
    uid: restore.spec.claimUID,
  },
  ownerUid: ownerReference(restore).uid,
});

/** @throws where the program knows of no image of its own: it chooses this engine only where it does. */
async function restorePlanOf(context: MoverContext, plan: AttemptPlan, resticImage: string): Promise<RestorePlan> {
  const { restore, attempt, access, snapshot, deletesFiles } = plan;
  const { ownImage: own, clusterUid } = context;
  if (own === undefined) throw new Error('no image is known that movers could run from');
  const client = clientOf(restore);
  return {
    client,
    clusterUid,
    images: { own, restic: { image: resticImage } },
    placement: await placeAsUsers(context, client.claim),
    attempt,
    repository: moverRepository(access),
    primeClaimName: primeClaimName(ownerReference(restore).uid),
    snapshotId: snapshot.id,
    filledBefore: deletesFiles,
    topFolderGroup: writingGroup(plan.moverUser),
    verifyContent: false,
  };
}

/** Goes on where a process died in between. */
async function startAttempt(context: MoverContext, plan: AttemptPlan, resticImage: string): Promise<void> {
  if (plan.paused) return;
  const restorePlan = await restorePlanOf(context, plan, resticImage);
  await startMover(context.client, buildRestoreJob(restorePlan), restorePlan);
}

function observeAttempt(context: MoverContext, attempt: AttemptRef): AttemptState {
  const job = context.stores.moverJobs.get(objectKey(jobRef(attempt)));
  if (job === undefined) return isPrepared(attempt) ? { kind: 'absent' } : { kind: 'paused' };
  const pod = podOf(context, job);
  const lost = pod === undefined ? undefined : lostPod(pod, context.now());
  return stateOf(context, { job, pod, lost }, readRestoreRun(job, pod));
}

/** Nothing is made before the volume is known to be one that may be written into. */
const isPrepared = ({ restore: { status } }: AttemptRef): boolean =>
  status?.clearedPrime !== undefined && status.clearedPrime.claimUID === status.primeClaimUID;

interface StartedJob {
  readonly job: Job;
  readonly pod: Pod | undefined;
  /** That nobody answers for the pod. */
  readonly lost: MoverTrouble | undefined;
}

function stateOf(context: MoverContext, started: StartedJob, run: RestoreRun): AttemptState {
  const { job, lost } = started;
  switch (run.kind) {
    case 'suspended':
      return { kind: 'paused' };
    case 'starting':
      return notStarted(context, started, run.stuck);
    case 'restoring':
    case 'proving':
      return { kind: 'running', moverRuns: true, mayHaveWritten: true, trouble: lost };
    case 'proven': {
      const { snapshotId, entries, sizeBytes } = run.record;
      const report = { foundNothing: false, snapshotId, entries, sizeBytes };
      return { kind: 'ended', report, heardAll: true, lost: lostInWords(run.record) };
    }
    case 'mismatch': {
      const { missing, added, differing } = run.record;
      const message = `The volume is not what the snapshot is: ${missing.count} entries are missing, ${added.count} are too many, ${differing.count} differ (${[...missing.first, ...added.first, ...differing.first].slice(0, 3).join('; ')}).`;
      return failed(job, { kind: 'failed', message }, true);
    }
    case 'notEmpty':
      return { kind: 'notEmpty', report: run.report };
    case 'failed':
      return failed(job, { kind: 'failed', message: run.failure.message }, run.mayHaveWritten);
  }
}

const stuckBy = (message: string | undefined): MoverTrouble | undefined =>
  message === undefined ? undefined : { kind: 'stuck', message };

function notStarted(context: MoverContext, { job, pod, lost }: StartedJob, stuck: string | undefined): AttemptState {
  const trouble = lost ?? stuckBy(stuck);
  const startedAt = Date.parse(job.status?.startTime ?? job.metadata.creationTimestamp);
  const waitedMilliseconds = context.now() - startedAt;
  const explain = () => explainUnstarted(context.client, job, pod);
  return { kind: 'running', moverRuns: false, trouble, notStarted: { waitedMilliseconds, explain } };
}

/** What did not come back beside names, types and bytes; undefined where nothing is missed. */
function lostInWords({ attributesNotRestored, furtherAttributes }: RestoreRecord): string | undefined {
  if (attributesNotRestored.length === 0) return undefined;
  const kinds = attributesNotRestored.map(
    ({ attribute, count, first }) => `${attribute} of ${count} (${first.join(', ')})`,
  );
  const more = furtherAttributes === 0 ? '' : `; and ${furtherAttributes} kinds more`;
  return `All files came back, but not all that belongs to them: ${kinds.join('; ')}${more}. The new volume's file system does not take it.`;
}

function failed({ status, metadata }: Job, trouble: MoverTrouble, mayHaveWritten: boolean): AttemptState {
  const end = status?.conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime;
  return {
    kind: 'failed',
    trouble,
    mayHaveWritten,
    endedAtMilliseconds: Date.parse(end ?? metadata.creationTimestamp),
  };
}

async function progressOfAttempt(context: MoverContext, attempt: AttemptRef): Promise<MoverProgress | undefined> {
  const job = context.stores.moverJobs.get(objectKey(jobRef(attempt)));
  const pod = job === undefined ? undefined : podOf(context, job);
  return pod === undefined ? undefined : await lastProgress(context.client, pod);
}

async function discardAttempt({ client }: MoverContext, attempt: AttemptRef): Promise<void> {
  const job = await client.get(jobs, jobRef(attempt));
  if (job !== undefined) await dropJob(client, job);
}

/**
 * Restores by movers of our own: a Job for each attempt, in the movers' namespace.
 *
 * @param resticImage one that has `restic` in its search path.
 */
export function moverRestores(context: MoverContext, resticImage: string): RestoreEngine {
  const { moverJobs } = context.stores;
  const isKnown = (attempt: AttemptRef): boolean => moverJobs.get(objectKey(jobRef(attempt))) !== undefined;
  const discard = (attempt: AttemptRef): Promise<void> => discardAttempt(context, attempt);
  return {
    refusal: (claim) => restoreRefusal(context, claim),
    restoresAllMetadata: true,
    looksItself: true,
    isQueued: true,
    secretName: () => undefined,
    start: (plan) => startAttempt(context, plan, resticImage),
    observe: (attempt) => observeAttempt(context, attempt),
    progress: (attempt) => progressOfAttempt(context, attempt),
    discard,
    discardAll: (restore) => discardAttempts(restore, isKnown, discard),
    isMoverOf: ({ metadata: { labels } }, attempt) => labels?.[JOB_LABEL] === jobRef(attempt).name,
    isShutOut: ({ message }) => /the repository is locked|the password of the repository is wrong/.test(message),
    absentMoverAdvice: `Look at the Jobs and pods rebound-restore-* in namespace ${MOVERS_NAMESPACE}.`,
  };
}
