import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { copyName } from '../../domain/object-names.ts';
import {
  type Job,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  type Pod,
} from '../../kube/model/built-in-kinds.ts';
import { clause } from '../../kube/model/clause.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { VolumeSnapshot } from '../../kube/model/volume-snapshot-kinds.ts';
import { newestWarning, warningsAbout } from '../../kube/warning-events.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { freeVolumeFor } from '../free-volumes.ts';
import type { EndedRun, RunOutcome, RunRef, RunState } from '../engine.ts';
import { MOVER_PATIENCE_MILLISECONDS, type MoverTrouble } from '../mover-trouble.ts';
import { type BackupContext, VOLUMES_BY_COPY } from './backup-context.ts';
import { type BackupRun, hasSaved, readBackupRun } from './backup-run.ts';
import { REQUEST_ANNOTATION } from './copy-objects.ts';
import { isCopy } from './discard-run.ts';
import { podsOf } from './job-pod.ts';
import { lostPod } from './lost-pod.ts';
import { takenAway } from './taken-away.ts';
import { explainUnstarted } from './unstarted-mover.ts';

const LOOK_AGAIN_MILLISECONDS = 30_000;

/** What there is of a run, by local copies. */
interface Parts {
  readonly run: RunRef;
  /** The user's. */
  readonly claim: PersistentVolumeClaim;
  readonly first: VolumeSnapshot | undefined;
  readonly copy: PersistentVolumeClaim | undefined;
  readonly job: Job | undefined;
}

const stuck = (message: string, advice?: string): MoverTrouble => ({ kind: 'stuck', message, advice });

/** Says where a run stands. */
export async function observeRun(context: BackupContext, run: RunRef, claim: PersistentVolumeClaim): Promise<RunState> {
  const { snapshots, copyClaims, moverJobs } = context.stores;
  const parts: Parts = {
    run,
    claim,
    first: snapshots.get(objectKey(run)),
    copy: copyClaims.get(objectKey({ namespace: MOVERS_NAMESPACE, name: copyName(run.name) })),
    job: moverJobs.get(objectKey({ namespace: MOVERS_NAMESPACE, name: run.name })),
  };
  return brokenRun(context, parts) ?? (await runOfJob(context, parts)) ?? (await preparing(context, parts));
}

const requestOf = ({ first }: Parts): string | undefined => first?.metadata.annotations?.[REQUEST_ANNOTATION];

const ended = (parts: Parts, runId: string, endedAt: string, outcome: RunOutcome): EndedRun => ({
  ...parts.run,
  kind: 'ended',
  runId,
  endedAt,
  request: requestOf(parts),
  outcome,
});

const failedRun = (message: string): RunOutcome => ({ kind: 'failed', trouble: stuck(message), isWhole: false });

/** What can't go on, and must not: its copy is none, or somebody has removed its snapshot before a mover began. */
function brokenRun(context: BackupContext, parts: Parts): EndedRun | undefined {
  const { run, first, copy, job } = parts;
  const fail = (message: string): EndedRun => ended(parts, run.name, rfc3339(context.now()), failedRun(message));
  const foreign = context.stores.volumes.byIndex(VOLUMES_BY_COPY, copyName(run.name)).find((one) => !isCopy(one));
  if (foreign !== undefined && copy?.status?.phase === 'Bound') {
    return fail(
      `In place of a copy of the volume, claim ${copy.metadata.name} among the movers got volume ${foreign.metadata.name}, which was there before: it is given back as it was.`,
    );
  }
  const isGone = first === undefined || first.metadata.deletionTimestamp !== undefined;
  return isGone && job === undefined
    ? fail(`Somebody has removed VolumeSnapshot ${run.name} of the claim.`)
    : undefined;
}

async function runOfJob(context: BackupContext, parts: Parts): Promise<RunState | undefined> {
  const { job } = parts;
  if (job === undefined) return undefined;
  const pods = podsOf(context, job);
  const pod = pods.at(-1);
  const state = readBackupRun(job, pod);
  const outcome = outcomeOf(state) ?? givenUp(pods);
  if (outcome !== undefined) return ended(parts, job.metadata.uid, endOf(context, job), outcome);
  const lost = pod === undefined ? undefined : lostPod(pod, context.now());
  if (lost !== undefined || (state.kind !== 'starting' && state.kind !== 'suspended')) return atWork(parts, pod, lost);
  if (await isCopyGone(context, parts)) {
    const message = `Somebody has removed claim ${copyName(parts.run.name)} among the movers, which had the copy of the volume.`;
    return ended(parts, job.metadata.uid, rfc3339(context.now()), failedRun(message));
  }
  if (state.kind === 'suspended') return { ...parts.run, kind: 'underWay', request: requestOf(parts) };
  const since = job.status?.startTime ?? job.metadata.creationTimestamp;
  const { stuck: words } = state;
  return await waiting(context, parts, since, () =>
    words === undefined ? explainUnstarted(context.client, job, pod) : Promise.resolve(stuck(words)),
  );
}

function givenUp(pods: readonly Pod[]): RunOutcome | undefined {
  const trouble = takenAway(pods);
  return trouble === undefined ? undefined : { kind: 'failed', trouble, isWhole: pods.some(hasSaved) };
}

/** Whether the mover's pod would wait for ever for its claim. Local copies may lag behind each other, so that what is not in them is asked for. */
async function isCopyGone({ client }: BackupContext, { copy, run }: Parts): Promise<boolean> {
  if (copy !== undefined) return false;
  const ref = { namespace: MOVERS_NAMESPACE, name: copyName(run.name) };
  return (await client.get(persistentVolumeClaims, ref)) === undefined;
}

/** A pod that is told to end is looked at again, for nothing happens to one whose node does not answer. */
function atWork(parts: Parts, pod: Pod | undefined, trouble: MoverTrouble | undefined): RunState {
  const state = { ...parts.run, kind: 'underWay', request: requestOf(parts), trouble } as const;
  const isEnding = pod?.metadata.deletionTimestamp !== undefined;
  return isEnding ? { ...state, lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS } : state;
}

function outcomeOf(run: BackupRun): RunOutcome | undefined {
  switch (run.kind) {
    case 'recorded':
      return { kind: 'saved', snapshotId: run.snapshot?.snapshotId };
    case 'partial':
    case 'empty':
      return run;
    case 'failed':
      return { kind: 'failed', trouble: { kind: 'failed', message: run.failure.message }, isWhole: run.isWhole };
    default:
      return undefined;
  }
}

/** The Job's own word comes a second after its pod's: a run that is looked at in between has ended now. */
function endOf({ now }: BackupContext, { status }: Job): string {
  const end = status?.conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime ?? status?.completionTime;
  return end ?? rfc3339(now());
}

async function preparing(context: BackupContext, parts: Parts): Promise<RunState> {
  const { first, copy } = parts;
  const since = (copy ?? first)?.metadata.creationTimestamp ?? rfc3339(context.now());
  const explain = async () => (copy === undefined ? ofSnapshot(context, parts) : await ofCopy(context, copy));
  return await waiting(context, parts, since, explain);
}

function ofSnapshot({ stores }: BackupContext, { first, run, claim }: Parts): MoverTrouble | undefined {
  const words = first?.status?.error?.message;
  if (words !== undefined) return stuck(`No snapshot of the volume can be taken: ${clause(words)}.`);
  if (first?.status === undefined) {
    return stuck(`Nobody takes VolumeSnapshot ${run.name} up.`, 'Look whether the snapshot controller runs.');
  }
  const free = first.status.readyToUse === true ? freeVolumeFor(stores, claim) : undefined;
  if (free === undefined) return undefined;
  return stuck(
    `PersistentVolume ${free.name}, which was there before, lies ready, and would be taken in place of a copy of the claim's volume.`,
    'Delete it, or give it another storage class.',
  );
}

async function ofCopy(
  context: BackupContext,
  { metadata, status }: PersistentVolumeClaim,
): Promise<MoverTrouble | undefined> {
  if (status?.phase === 'Bound') return undefined;
  const words = newestWarning(await warningsAbout(context.client, metadata.namespace, metadata.name));
  return words === undefined ? undefined : stuck(`The copy of the volume cannot be made: ${words}.`);
}

/** A run that waits for others: what keeps it is asked for once that has lasted. */
async function waiting(
  { now }: BackupContext,
  parts: Parts,
  since: string,
  explain: () => Promise<MoverTrouble | undefined>,
): Promise<RunState> {
  const leftMilliseconds = Date.parse(since) + MOVER_PATIENCE_MILLISECONDS - now();
  const state = { ...parts.run, kind: 'underWay', request: requestOf(parts) } as const;
  if (leftMilliseconds > 0) return { ...state, lookAgainMilliseconds: leftMilliseconds };
  return { ...state, trouble: await explain(), lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
}
