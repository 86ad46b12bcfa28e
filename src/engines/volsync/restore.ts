import { primeClaimName, restoreAttemptName } from '../../domain/object-names.ts';
import type { RestoreReport } from '../../domain/proof.ts';
import { engineComplaint } from './engine-complaint.ts';
import { replicationDestinations, type ReplicationDestination } from './kinds.ts';
import { moverComplaint, parseRestoreLog, speaksOfRefusal } from './mover-log.ts';
import { MOVER_CONTAINER, moverAdvice, podTrouble } from './mover-trouble.ts';
import { buildReplicationDestination, RESTORE_TRIGGER } from './replication-destination.ts';
import { repositorySecretOf } from './replication-source.ts';
import { specPatch } from './spec-patch.ts';
import { createUnlessThere } from '../../kube/create-unless-there.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { secrets, type Pod } from '../../kube/model/built-in-kinds.ts';
import { JOB_LABEL, oldestFirst, PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';
import type { AttemptPlan, AttemptRef, AttemptState, RestoreEngine, RunningAttempt } from '../engine.ts';
import { discardAttempts } from '../discard-attempts.ts';
import type { MoverTrouble } from '../mover-trouble.ts';
import { explainAbsentMover } from './absent-mover.ts';
import type { VolSyncContext } from './context.ts';
import { createRepositorySecret, secretNameOf, type SecretPlan } from './ensure-repository-secret.ts';
import { silence } from './silent-mover.ts';
import type { Heard, MoverLogWatch } from './mover-log-watch.ts';

/** What VolSync's restores work with, and who listens to their movers. */
interface VolSyncTools {
  readonly context: VolSyncContext;
  readonly logs: MoverLogWatch;
}

const objectRef = ({ restore, attempt }: AttemptRef) => ({
  namespace: restore.metadata.namespace,
  name: restoreAttemptName(ownerReference(restore).uid, attempt),
});

function secretPlanOf({ restore, access, attempt }: AttemptRef & Pick<AttemptPlan, 'access'>): SecretPlan {
  const { name, namespace = '' } = objectRef({ restore, attempt });
  return { engineObjectName: name, namespace, owner: ownerReference(restore), access };
}

function objectOf(plan: AttemptPlan, privilegedMovers: boolean): ReturnType<typeof buildReplicationDestination> {
  const secret = secretPlanOf(plan);
  const { engineObjectName: name, namespace, owner, access } = secret;
  return buildReplicationDestination({
    name,
    namespace,
    owner,
    repositorySecretName: secretNameOf(secret),
    hasCustomCA: access.caPem !== undefined,
    primeClaimName: primeClaimName(owner.uid),
    // The engine finds it by the time that it names itself.
    snapshotTimeMilliseconds: Date.parse(plan.snapshot.ownTime ?? plan.snapshot.time),
    paused: plan.paused,
    deletesFiles: plan.deletesFiles,
    policy: plan.policy.spec,
    claimStorageClass: plan.claimStorageClass,
    moverUser: plan.moverUser,
    privilegedMovers,
  });
}

/** Makes the Secret and the engine's object of one attempt; both belong to the restore. */
async function startAttempt(context: VolSyncContext, plan: AttemptPlan): Promise<void> {
  await createRepositorySecret(context, secretPlanOf(plan));
  const { namespace = '' } = plan.restore.metadata;
  const desired = objectOf(plan, await context.privilegedMovers.allowedIn(namespace));
  const current = context.stores.replicationDestinations.get(objectKey(desired.metadata));
  // One of this name can only be this attempt's, of which the local copy knows nothing yet: the next look goes on.
  if (current === undefined) await createUnlessThere(context.client, replicationDestinations, desired);
  else await changeAttempt(context, current, desired);
}

/** Makes an attempt's object what is wanted now: other credentials, another snapshot, allowed to start. */
async function changeAttempt(
  context: VolSyncContext,
  current: ReplicationDestination,
  desired: ReturnType<typeof buildReplicationDestination>,
): Promise<void> {
  const spec = specPatch(current.spec, desired.spec);
  if (spec === undefined) return;
  const { namespace } = current.metadata;
  await context.client.mergePatch(replicationDestinations, current.metadata, { spec });
  const former = repositorySecretOf(current);
  if (former === undefined || former === desired.spec.restic.repository) return;
  await context.client.delete(secrets, { namespace, name: former });
}

/** Looks at an attempt: the engine's object, and what its mover was heard saying. */
function observeAttempt({ context, logs }: VolSyncTools, attempt: AttemptRef): AttemptState {
  const key = objectKey(objectRef(attempt));
  const object = context.stores.replicationDestinations.get(key);
  if (object === undefined) {
    logs.forget(key);
    return { kind: 'absent' };
  }
  if (object.spec['paused'] === true) return { kind: 'paused' };
  const pod = newestMover(context, logs, key);
  if (pod !== undefined) logs.listen(key, pod, object.metadata.uid ?? '');
  const heard = logs.heard(key);
  if (object.status?.lastManualSync === RESTORE_TRIGGER) return endedAttempt(object, heard, context.now());
  if (heard !== undefined && isWholeStory(heard) && hasEndedWell(pod)) {
    return { kind: 'ended', report: parseRestoreLog(heard.log), heardAll: true };
  }
  return runningAttempt(context, object, { pod, heard, since: attempt.restore.status?.clearedPrime?.time });
}

const isRunning = (pod: Pod | undefined): boolean => pod?.status?.phase === 'Running';

function runningAttempt(
  context: VolSyncContext,
  object: ReplicationDestination,
  {
    pod,
    heard,
    since = '',
  }: { readonly pod?: Pod | undefined; readonly heard?: Heard | undefined; readonly since?: string | undefined },
): RunningAttempt {
  const running = { kind: 'running', moverRuns: isRunning(pod) } as const;
  const trouble = engineTrouble(object) ?? (pod === undefined ? undefined : podTrouble(pod, heard?.log ?? ''));
  const hasStarted = heard !== undefined || (pod !== undefined && pod.status?.phase !== 'Pending');
  if (hasStarted) return { ...running, trouble: trouble ?? silence(context, pod, heard) };
  // The engine's object may have been prepared long before it was allowed to start.
  const startedAt = [object.metadata.creationTimestamp ?? '', since].map((time) => Date.parse(time) || 0);
  const waitedMilliseconds = context.now() - Math.max(...startedAt);
  const explain = () => explainAbsentMover(context, object, pod);
  return { ...running, trouble, notStarted: { waitedMilliseconds, explain } };
}

function endedAttempt(
  { status }: ReplicationDestination,
  heard: Heard | undefined,
  nowMilliseconds: number,
): AttemptState {
  const report = combined(parseRestoreLog(status?.latestMoverStatus?.logs ?? ''), heard);
  const waitedMilliseconds = nowMilliseconds - Date.parse(status?.lastSyncTime ?? '');
  const heardAll = heard === undefined || heard.ended || waitedMilliseconds > LOG_PATIENCE_MILLISECONDS;
  return { kind: 'ended', report, heardAll };
}

/**
 * The engine's own record is of the mover that ended well, but it has no counts: these must have been heard, and from a
 * mover that ended well too.
 */
function combined(kept: RestoreReport, heard: Heard | undefined): RestoreReport {
  const said = heard === undefined ? undefined : parseRestoreLog(heard.log);
  const counted = heard?.succeeded === true ? said : {};
  return { ...counted, ...kept, foundNothing: kept.foundNothing || said?.foundNothing === true };
}

/**
 * Whether the mover's own container ended with exit code 0. The kubelet and the Job controller take some two seconds more
 * to pass it on to the engine, which has nothing to add: its script syncs the volume before it ends.
 */
function hasEndedWell(pod: Pod | undefined): boolean {
  if (pod?.status?.phase === 'Succeeded') return true;
  const own = pod?.status?.containerStatuses?.find(({ name }) => name === MOVER_CONTAINER);
  return own?.state?.terminated?.exitCode === 0;
}

/**
 * Whether all that a proof needs was heard; the engine's record may fill gaps otherwise. Nothing of interest follows the
 * line that says that all is done, and the kubelet takes up to a second to end a log that is followed.
 */
function isWholeStory({ log, succeeded }: Heard): boolean {
  if (!succeeded) return false;
  const { foundNothing, snapshotId, entries } = parseRestoreLog(log);
  return foundNothing || (snapshotId !== undefined && entries !== undefined);
}

/** VolSync names a restore's Job after its object (internal/controller/mover/restic/mover.go, v0.14). */
const JOB_PREFIX = 'volsync-dst-';

/** How long after the engine's success the end of its mover's log is waited for: a connection may have died silently. */
const LOG_PATIENCE_MILLISECONDS = 60_000;

/** The pod of the mover's last try. */
function newestMover(context: VolSyncContext, logs: MoverLogWatch, key: string): Pod | undefined {
  const [namespace = '', name = ''] = key.split('/');
  const named = context.stores.pods.byIndex(PODS_BY_JOB, `${namespace}/${JOB_PREFIX}${name}`);
  const tries = named.filter((pod) => !logs.isForeign(key, pod.metadata.uid));
  return oldestFirst(tries).at(-1);
}

/** The engine itself reports a failing mover only after many tries, which takes the better part of an hour. */
function engineTrouble({ status }: ReplicationDestination): MoverTrouble | undefined {
  const mover = status?.latestMoverStatus;
  if (mover?.result === 'Failed') {
    const complaint = moverComplaint(mover.logs ?? '');
    const message = complaint === undefined ? 'The mover failed without saying why.' : `The mover says: ${complaint}.`;
    return { kind: 'failed', message, advice: moverAdvice(message) };
  }
  const complaint = engineComplaint(status?.conditions);
  if (complaint === undefined) return undefined;
  return { kind: 'failed', message: `VolSync says: ${complaint}.`, advice: moverAdvice(complaint) };
}

/** Ends an attempt: its Secret goes, then the engine's object, and with it its Job, pods and cache. */
async function discardAttempt({ context, logs }: VolSyncTools, { restore, attempt }: AttemptRef): Promise<void> {
  const ref = objectRef({ restore, attempt });
  const { namespace } = ref;
  const known = context.stores.replicationDestinations.get(objectKey(ref));
  const object = known ?? (await context.client.get(replicationDestinations, ref));
  const named = object === undefined ? undefined : repositorySecretOf(object);
  // First the Secret, which the object names; the restore does too, for somebody may have deleted the object.
  for (const name of new Set([named, restore.status?.secretName])) {
    if (name !== undefined) await context.client.delete(secrets, { namespace, name });
  }
  await context.client.delete(replicationDestinations, ref, { propagationPolicy: 'Background' });
  logs.forget(objectKey(ref));
}

/** The attempt's key, as `namespace/name` of its object, that a mover's pod belongs to by the name of its Job; absent for other pods. */
export function attemptKeyOfMover({ metadata: { labels, namespace } }: Pod): string | undefined {
  const job = labels?.[JOB_LABEL];
  return job?.startsWith(JOB_PREFIX) === true
    ? objectKey({ namespace, name: job.slice(JOB_PREFIX.length) })
    : undefined;
}

/** Restores by VolSync: a ReplicationDestination for each attempt, in the namespace of the claim. */
export function volSyncRestores(context: VolSyncContext, logs: MoverLogWatch): RestoreEngine {
  const tools = { context, logs };
  const { replicationDestinations: objects } = context.stores;
  const isKnown = (attempt: AttemptRef): boolean => objects.get(objectKey(objectRef(attempt))) !== undefined;
  const discard = (attempt: AttemptRef): Promise<void> => discardAttempt(tools, attempt);
  return {
    refusal: () => undefined,
    restoresAllMetadata: false,
    looksItself: false,
    isQueued: false,
    secretName: (plan) => secretNameOf(secretPlanOf(plan)),
    start: (plan) => startAttempt(context, plan),
    observe: (attempt) => observeAttempt(tools, attempt),
    discard,
    discardAll: (restore) => discardAttempts(restore, isKnown, discard),
    isMoverOf: (pod, attempt) => attemptKeyOfMover(pod) === objectKey(objectRef(attempt)),
    isShutOut: ({ message }) => speaksOfRefusal(message),
    absentMoverAdvice: 'Look whether VolSync runs, and at the pods volsync-dst-* of this namespace.',
  };
}
