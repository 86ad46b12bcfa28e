import { BACKUP_NOW_ANNOTATION, COLLAPSE_ANNOTATION } from '../../api/labels.ts';
import type { BackupPolicy } from '../../api/backup-policy.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { type BackupMemory, reasonsToKeepAll } from '../../domain/backup-findings.ts';
import { untilOverdueMilliseconds } from '../../domain/overdue.ts';
import { afterPruning, untilPruningIsTried } from '../../domain/pruning-refusal.ts';
import { isRetentionOurs } from '../../domain/retention/whose-retention.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { intervalSeconds } from '../../domain/schedule.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import type { BackupEngines } from '../../engines/engine.ts';
import { type MoverTrouble, troubleInWords } from '../../engines/mover-trouble.ts';
import { repositorySecretOf } from '../../engines/volsync/replication-source.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import type { MoverLogWatch } from '../../engines/volsync/mover-log-watch.ts';
import { moverUserOf } from '../mover-user.ts';
import { openRepository, type RepositoryAccess } from '../../repositories/access.ts';
import { secretNameOf } from '../../engines/volsync/ensure-repository-secret.ts';
import { absentBackupMover } from './absent-backup-mover.ts';
import { backUpByRuns } from './run-backups.ts';
import { type Backer, chooseBacker } from './choose-backer.ts';
import type { FailedMovers } from './ended-movers.ts';
import { backupSecretOf } from './engine-backup.ts';
import { ensureSchedule } from './ensure-schedule.ts';
import { type BackupFindings, nothingFound } from './findings.ts';
import { forgetHeard, hearBackup } from './heard-backups.ts';
import type { Protection } from './observe.ts';
import { type BackupObservation, observeBackup } from './observe-backup.ts';
import { ownBackups } from './own-backups.ts';
import { unrestoredFinding } from './restore-finding.ts';
import { retireSchedule } from './retire-schedule.ts';
import { memoryOf, type Recorded, remembered, settleBackups } from './settle-backups.ts';
import { goOnUnseen, notOurs, standAside } from './stand-aside.ts';

/** After the destination could not confirm a backup. */
const CONFIRM_AGAIN_MILLISECONDS = 30_000;
/** While the engine is not installed. */
const ENGINE_AGAIN_MILLISECONDS = 30_000;
/** Until the local copy has what was recorded. */
const RECORDED_MILLISECONDS = 200;

/** What backups need beside the protection itself. */
export interface BackupTools {
  readonly context: ControllerContext;
  readonly engines: BackupEngines;
  readonly cache: RepositoryCache;
  readonly failedMovers: FailedMovers;
  readonly logs: MoverLogWatch;
  /** First digits of the snapshots of failed tries that were recorded, by the claim's key: they change no more. */
  readonly settled: Map<string, ReadonlySet<string>>;
}

/** A claim that may be backed up, and where its backups go. */
export interface BackupScene {
  readonly protection: Protection;
  readonly policy: BackupPolicy;
  readonly volume: ProtectedVolume;
  /** The status, where it speaks of this claim and not of an earlier one of the same name. */
  readonly before: ProtectedVolumeStatus | undefined;
  readonly access: RepositoryAccess;
  readonly moverUser: MoverUser;
}

/** Looks at what the engine has done, confirms it, records it, and keeps the engine's schedule: in this order. */
export async function backUp(
  tools: BackupTools,
  protection: Protection,
  volume: ProtectedVolume,
): Promise<BackupFindings> {
  const scene = openScene(tools.context, protection, volume);
  if ('facts' in scene) return await goOnUnseen(tools.context, protection, volume, scene);
  const ownership = await ownBackups(tools.context, scene);
  if (ownership.kind !== 'ours') return await standAside(tools.context, scene, ownership);
  const restoreFinding = unrestoredFinding(scene, ownership.record, rfc3339(tools.context.now()));
  if (restoreFinding !== undefined) {
    const found = recordFirst({ ...ownership.status, restoreFinding });
    return await goOnUnseen(tools.context, protection, volume, found);
  }
  const backer = chooseBacker(tools, scene);
  if (backer.kind === 'missing') return { ...noEngine(backer.why), status: ownership.status };
  const found =
    backer.kind === 'runs' ? await backUpByRuns(tools, scene, backer) : await backUpBySchedule(tools, scene, backer);
  return { ...found, status: { ...ownership.status, ...found.status } };
}

/** Nothing was begun, and nothing is: the CRDs may come at any time, and nobody tells the claim. */
const noEngine = (engineMissing: string): BackupFindings => ({
  ...nothingFound,
  facts: { engineMissing },
  lookAgainMilliseconds: ENGINE_AGAIN_MILLISECONDS,
});

async function backUpBySchedule(
  tools: BackupTools,
  scene: BackupScene,
  { isRetired, because }: Extract<Backer, { kind: 'schedule' }>,
): Promise<BackupFindings> {
  const observation = await observe(tools, scene);
  const recorded = await settleBackups(tools, scene, observation.ended);
  if (recorded?.kind === 'foreign') return notOurs(recorded);
  if (recorded?.kind === 'unknown') return await keepUnconfirmed(tools, scene, observation, recorded.message);
  const memory = recorded === undefined ? memoryOf(scene.before) : remembered(scene.before, recorded);
  const kept = await keepSchedule(tools, scene, { memory, unconfirmed: undefined, isRetired, ...observation });
  const { lastSuccessTime } = observation;
  const looked = lastSuccessTime === undefined ? {} : { lastBackupAttemptTime: lastSuccessTime };
  const settledIds = settledAfter(tools, scene, { observation, recorded });
  forgetHeard(tools.logs, scene.protection.source);
  return { ...kept, settledIds, facts: { ...kept.facts, engineUnfit: because }, status: { ...kept.status, ...looked } };
}

/**
 * Nothing else is done before it is recorded, but that a schedule which the earlier claim has left removes nothing: the claim's own
 * first good backup takes the earlier claim's place in the ledger.
 */
const recordFirst = (status: BackupFindings['status']): BackupFindings => ({
  ...nothingFound,
  status,
  lookAgainMilliseconds: RECORDED_MILLISECONDS,
});

/** What a failed try has saved is settled once it was found: a store may list it later. */
function settledAfter(
  { settled }: BackupTools,
  { protection }: BackupScene,
  { observation, recorded }: { readonly observation: BackupObservation; readonly recorded: Recorded | undefined },
): ReadonlySet<string> {
  const before = settled.get(objectKey(protection.claim.metadata));
  const found = (recorded?.runs ?? []).flatMap((run) => ('snapshot' in run ? [run.snapshot.id] : []));
  const isSettled = (id: string): boolean => before?.has(id) === true || found.some((one) => one.startsWith(id));
  return new Set([...observation.failedIds].filter(isSettled));
}

async function keepUnconfirmed(
  tools: BackupTools,
  scene: BackupScene,
  look: Look,
  unconfirmed: string,
): Promise<BackupFindings> {
  const kept = await keepSchedule(tools, scene, {
    memory: memoryOf(scene.before),
    unconfirmed,
    isRetired: false,
    ...look,
  });
  return { ...kept, lookAgainMilliseconds: shortest([kept.lookAgainMilliseconds, CONFIRM_AGAIN_MILLISECONDS]) };
}

/** What a look at the engine sees, and when to look again by itself. */
type Look = BackupObservation & {
  readonly silence?: string | undefined;
  readonly lookAgainMilliseconds?: number | undefined;
};

async function observe(tools: BackupTools, { protection, before }: BackupScene): Promise<Look> {
  const { claim, source } = protection;
  const settled = tools.settled.get(objectKey(claim.metadata));
  const isSettled = (snapshotId: string) => settled?.has(snapshotId) === true;
  const { heard, ...hearing } = hearBackup(tools.context, tools.logs, source);
  const silence = inWords(hearing.silence);
  const seen = observeBackup({ source, failedMovers: await tools.failedMovers.of(source), before, heard, isSettled });
  const { lookAgainMilliseconds } = hearing;
  if (seen.trouble !== undefined) return { ...seen, silence, lookAgainMilliseconds };
  const absent = await absentBackupMover(tools.context, source);
  return {
    ...seen,
    silence,
    trouble: inWords(absent.trouble),
    lookAgainMilliseconds: shortest([lookAgainMilliseconds, absent.lookAgainMilliseconds]),
  };
}

const inWords = (trouble: MoverTrouble | undefined): string | undefined =>
  trouble === undefined ? undefined : troubleInWords(trouble);

/** How backups stand. */
interface Standing extends Pick<Look, 'trouble' | 'silence' | 'pruning' | 'lookAgainMilliseconds'> {
  readonly memory: BackupMemory;
  readonly unconfirmed: string | undefined;
  /** Another engine is to back the claim up. */
  readonly isRetired: boolean;
}

/** Why a run under way may be broken off before it forgets snapshots: the good one may be among those. */
const URGENT_REASONS: ReadonlySet<string> = new Set(['SnapshotMissing', 'ContentCollapsed']);

/** Keeps the schedule, with a retention that removes nothing while anything is open. */
async function keepSchedule(
  { context }: BackupTools,
  scene: BackupScene,
  { memory: ofRuns, unconfirmed, isRetired, trouble, silence, pruning, lookAgainMilliseconds }: Standing,
): Promise<BackupFindings> {
  const { refusal, untilTried } = refusalAfter(context, scene, pruning);
  const memory = { ...ofRuns, ...(refusal === undefined ? {} : { pruningRefused: refusal }) };
  const isPruningRefused = untilTried !== undefined && untilTried > 0;
  const untilOverdue = untilOverdueOf(context, scene, memory, scene.protection.source?.metadata.creationTimestamp);
  const isOverdue = untilOverdue !== undefined && untilOverdue <= 0;
  const restoreFinding = scene.volume.status?.restoreFinding;
  const isUnconfirmed = unconfirmed !== undefined;
  const keepAll = reasonsToKeepAll({ ...memory, isUnconfirmed, isOverdue, isPruningRefused, restoreFinding });
  const isPruningPaused = keepAll.length > 0;
  const isPauseUrgent = keepAll.some((reason) => URGENT_REASONS.has(reason));
  const kept = isRetired
    ? await retireSchedule(context, scene)
    : await ensureSchedule(context, scene, { memory, isPruningPaused, isPruningRefused, isPauseUrgent });
  const user = Object.keys(scene.moverUser).length === 0 ? {} : { moverUser: scene.moverUser };
  return {
    facts: { backupTrouble: trouble, silence, unconfirmed, isOverdue, repositoryProblem: kept.problem },
    memory,
    status: { ...kept.status, ...user, pruningPaused: isPruningPaused, pruningPausedBecause: keepAll },
    lookAgainMilliseconds: shortest([kept.waitMilliseconds, untilOverdue, untilTried, lookAgainMilliseconds]),
  };
}

/** What is remembered of a store that lets nothing be deleted, and in how many milliseconds it is tried again. */
function refusalAfter(
  context: ControllerContext,
  { protection, policy, volume, before, access }: BackupScene,
  pruning: Look['pruning'],
) {
  const { claim, source } = protection;
  // Who keeps the repository tells of it, then.
  if (isRetentionOurs(policy)) return {};
  const request = claim.metadata.annotations?.[BACKUP_NOW_ANNOTATION];
  const used = source === undefined ? undefined : repositorySecretOf(source);
  const refusal = afterPruning(before?.pruningRefused, pruning, { secretName: used, request });
  if (refusal === undefined) return {};
  const secretName = secretNameOf(backupSecretOf({ claim, volume, access }));
  return { refusal, untilTried: untilPruningIsTried(refusal, { secretName, request }, context.now()) };
}

function openScene(
  context: ControllerContext,
  protection: Protection,
  volume: ProtectedVolume,
): BackupScene | BackupFindings {
  const { claim, policy } = protection;
  if (policy === undefined) return nothingFound;
  const opened = openRepository(context, policy.spec.destination, claim.metadata);
  if (!opened.ok) return { ...nothingFound, facts: { repositoryProblem: opened.message } };
  const annotationProblem = collapseAnnotationProblem(claim);
  if (annotationProblem !== undefined) return { ...nothingFound, facts: { annotationProblem } };
  const choice = moverUserOf(context.stores, claim, rememberedUser(protection, volume));
  if (!choice.ok) return { ...nothingFound, facts: { annotationProblem: choice.message } };
  const before = volume.status?.claimUID === claim.metadata.uid ? volume.status : undefined;
  return { protection, policy, volume, before, access: opened.access, moverUser: choice.user };
}

function collapseAnnotationProblem({ metadata }: PersistentVolumeClaim): string | undefined {
  const value = metadata.annotations?.[COLLAPSE_ANNOTATION];
  if (value === undefined || value === 'ignore') return undefined;
  return `Annotation ${COLLAPSE_ANNOTATION} can only be "ignore", not ${JSON.stringify(value)}.`;
}

const rememberedUser = ({ restore }: Protection, volume: ProtectedVolume): MoverUser | undefined =>
  volume.status?.moverUser ?? restore?.status?.moverUser;

/**
 * Undefined while backups are not expected: the policy is suspended, or they have yet to begin.
 *
 * @param begun since when there are to be backups, RFC 3339.
 */
export function untilOverdueOf(
  context: ControllerContext,
  { policy }: BackupScene,
  { lastBackup, lastFinding }: BackupMemory,
  begun: string | undefined,
): number | undefined {
  if (policy.spec.suspend || begun === undefined) return undefined;
  const emptyTime = lastFinding?.kind === 'EmptyVolume' ? lastFinding.time : undefined;
  const times = [lastBackup?.dataTime ?? lastBackup?.time ?? begun, emptyTime].filter((time) => time !== undefined);
  const sinceMilliseconds = Math.max(...times.map((time) => Date.parse(time)));
  const interval = intervalSeconds(policy.spec.schedule);
  return untilOverdueMilliseconds({ sinceMilliseconds, intervalSeconds: interval, nowMilliseconds: context.now() });
}

/** Of some waits the one that ends first; undefined where there is none. */
export function shortest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined).filter((wait) => wait > 0);
  return known.length === 0 ? undefined : Math.min(...known);
}
