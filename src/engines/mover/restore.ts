import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { primeClaimName } from '../../domain/object-names.ts';
import type { RestoreRecord } from '../../domain/restore-record.ts';
import { isAlreadyExists } from '../../kube/client/errors.ts';
import { type Job, jobs, type Pod, secrets } from '../../kube/model/built-in-kinds.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { JOB_LABEL, PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';
import { warningsAbout } from '../../kube/warning-events.ts';
import type { AttemptPlan, AttemptRef, AttemptState, RestoreEngine } from '../engine.ts';
import type { MoverTrouble } from '../mover-trouble.ts';
import type { MoverContext } from './context.ts';
import { dropJob } from './drop-job.ts';
import type { MoverClient } from './job-labels.ts';
import { buildMoverSecret } from './mover-secret.ts';
import { buildRestoreJob, restoreJobName, type RestorePlan } from './restore-job.ts';
import { readRestoreRun, type RestoreRun } from './restore-run.ts';

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

/** The group that the claim's pods write as, as far as it is known. */
const groupOf = ({ runAsUser, runAsGroup, fsGroup }: MoverUser): number | undefined =>
  fsGroup ?? (runAsUser === 0 ? undefined : (runAsGroup ?? runAsUser));

/** @throws where the program knows of no image of its own: it chooses this engine only where it does. */
function restorePlanOf(context: MoverContext, plan: AttemptPlan): RestorePlan {
  const { restore, attempt, access, snapshot, deletesFiles } = plan;
  const { images, clusterUid } = context;
  if (images === undefined) throw new Error('no image is known that movers could run from');
  const { url, password, settings, path, expectedIdentity = '' } = access;
  return {
    client: clientOf(restore),
    clusterUid,
    images,
    placement: {},
    attempt,
    repository: { url, password, settings, path, identity: expectedIdentity },
    primeClaimName: primeClaimName(ownerReference(restore).uid),
    snapshotId: snapshot.id,
    filledBefore: deletesFiles,
    topFolderGroup: groupOf(plan.moverUser),
    verifyContent: false,
  };
}

/** Makes the Job, then its Secret, then lets it start; goes on where a process died in between. */
async function startAttempt(context: MoverContext, plan: AttemptPlan): Promise<void> {
  if (plan.paused) return;
  const { client } = context;
  const desired = buildRestoreJob(restorePlanOf(context, plan));
  const job = await makeJob(client, desired);
  if (job === undefined || job.spec.suspend !== true) return;
  const { name, uid, resourceVersion } = job.metadata;
  const { client: movedFor, repository } = restorePlanOf(context, plan);
  try {
    await client.create(secrets, buildMoverSecret({ name, uid }, movedFor, repository));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  await client.mergePatch(jobs, jobRef(plan), { metadata: { resourceVersion }, spec: { suspend: false } });
}

/** The Job as it is now; undefined where one for something else had to be removed first. */
async function makeJob(
  client: MoverContext['client'],
  desired: ReturnType<typeof buildRestoreJob>,
): Promise<Job | undefined> {
  try {
    return await client.create(jobs, desired);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const { namespace, name, annotations } = desired.metadata;
  const present = await client.get(jobs, { namespace, name });
  const isWanted = Object.entries(annotations).every(([key, value]) => present?.metadata.annotations?.[key] === value);
  if (present === undefined || isWanted || present.spec.suspend !== true) return present;
  // Another snapshot was chosen since, and a Job's pods can't be changed; this one has had none.
  await dropJob(client, present);
  return undefined;
}

/** The pod of an attempt's Job; a Job starts one at a time. */
function podOf({ stores }: MoverContext, job: Job): Pod | undefined {
  const pods = stores.pods
    .byIndex(PODS_BY_JOB, objectKey(job.metadata))
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) ?? false);
  return pods
    .toSorted((a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp))
    .at(-1);
}

function observeAttempt(context: MoverContext, attempt: AttemptRef): AttemptState {
  const job = context.stores.moverJobs.get(objectKey(jobRef(attempt)));
  if (job === undefined) return isPrepared(attempt) ? { kind: 'absent' } : { kind: 'paused' };
  return stateOf(context, job, readRestoreRun(job, podOf(context, job)));
}

/** Nothing is made before the volume is known to be one that may be written into. */
const isPrepared = ({ restore: { status } }: AttemptRef): boolean =>
  status?.clearedPrime !== undefined && status.clearedPrime.claimUID === status.primeClaimUID;

function stateOf(context: MoverContext, job: Job, run: RestoreRun): AttemptState {
  switch (run.kind) {
    case 'suspended':
      return { kind: 'paused' };
    case 'starting': {
      const trouble = run.stuck === undefined ? undefined : ({ kind: 'stuck', message: run.stuck } as const);
      const startedAt = Date.parse(job.status?.startTime ?? job.metadata.creationTimestamp);
      const notStarted = { waitedMilliseconds: context.now() - startedAt, explain: () => explain(context, job) };
      return { kind: 'running', moverRuns: false, trouble, notStarted };
    }
    case 'restoring':
    case 'proving':
      return { kind: 'running', moverRuns: true, mayHaveWritten: true };
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

/** What the newest warning about a Job says: who refuses its pod says it there. */
async function explain({ client }: MoverContext, { metadata }: Job): Promise<MoverTrouble | undefined> {
  const warnings = await warningsAbout(client, metadata.namespace, metadata.name);
  const newest = warnings.toSorted((a, b) => (b.lastTimestamp ?? '').localeCompare(a.lastTimestamp ?? '')).at(0);
  if (newest?.message === undefined) return undefined;
  return { kind: 'stuck', message: `The mover's pod cannot be made: ${newest.message.replace(/\.$/, '')}.` };
}

async function discardAttempt({ client }: MoverContext, attempt: AttemptRef): Promise<void> {
  const job = await client.get(jobs, jobRef(attempt));
  if (job !== undefined) await dropJob(client, job);
}

async function discardAttempts(context: MoverContext, restore: VolumeRestore): Promise<void> {
  const last = restore.status?.attempts ?? 0;
  for (let attempt = 1; attempt <= last; attempt += 1) {
    const isLeft =
      attempt === last || context.stores.moverJobs.get(objectKey(jobRef({ restore, attempt }))) !== undefined;
    if (isLeft) await discardAttempt(context, { restore, attempt });
  }
}

/** Restores by movers of our own: a Job for each attempt, in the movers' namespace. */
export function moverRestores(context: MoverContext): RestoreEngine {
  return {
    looksItself: true,
    secretName: () => undefined,
    start: (plan) => startAttempt(context, plan),
    observe: (attempt) => observeAttempt(context, attempt),
    discard: (attempt) => discardAttempt(context, attempt),
    discardAll: (restore) => discardAttempts(context, restore),
    isMoverOf: ({ metadata: { labels } }, attempt) => labels?.[JOB_LABEL] === jobRef(attempt).name,
    isShutOut: ({ message }) => /the repository is locked|the password of the repository is wrong/.test(message),
    absentMoverAdvice: `Look at the Jobs and pods rebound-restore-* in namespace ${MOVERS_NAMESPACE}.`,
  };
}
