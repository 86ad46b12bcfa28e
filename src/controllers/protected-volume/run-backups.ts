import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { type BackupMemory, reasonsToKeepAll } from '../../domain/backup-findings.ts';
import { emptyVolumeRetryMilliseconds } from '../../domain/empty-volume-retry.ts';
import { nextRun, type NextRunFacts } from '../../domain/next-run.ts';
import { backupRunName } from '../../domain/object-names.ts';
import { dueTimes } from '../../domain/schedule.ts';
import type { BackupEngine, EndedRun, RunPlan, RunState } from '../../engines/engine.ts';
import { troubleInWords } from '../../engines/mover-trouble.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { ageMilliseconds, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { clearLocks } from '../repository-locks.ts';
import { askForTurn } from './ask-for-turn.ts';
import { type BackupScene, type BackupTools, shortest, untilOverdueOf } from './backup.ts';
import type { Backer } from './choose-backer.ts';
import type { BackupFindings } from './findings.ts';
import type { EndedBackup } from './observe-backup.ts';
import { readyRepository } from './ready-repository.ts';
import { memoryOf, remembered, settleBackups } from './settle-backups.ts';
import { notOurs } from './stand-aside.ts';

/** After the destination could not confirm a backup, or can't be written. */
const ASK_AGAIN_MILLISECONDS = 30_000;
/** Others take away what a run has left within seconds. */
const CLEAR_AGAIN_MILLISECONDS = 1_000;

/** What was done about a claim's runs. */
interface Step {
  readonly problem?: string | undefined;
  /** What it waits for before it may begin, a sentence. */
  readonly queued?: string | undefined;
  readonly nextMilliseconds?: number | undefined;
  readonly lookAgainMilliseconds?: number | undefined;
}

interface Beginning extends Step {
  readonly hasBegun?: boolean;
}

/** What a look at a claim's run has brought. */
interface Reading {
  /** It was read before, so that all of it may go. */
  readonly isOver: boolean;
  /** It has ended, and was not read before. */
  readonly hasEnded: boolean;
  readonly memory: BackupMemory;
  readonly unconfirmed: string | undefined;
  readonly status: Partial<ProtectedVolumeStatus>;
}

/** Looks how the run of a claim stands, confirms and records what has ended, takes away what is recorded, and begins what is due. */
export async function backUpByRuns(
  tools: BackupTools,
  scene: BackupScene,
  { engine, mayBegin }: Extract<Backer, { kind: 'runs' }>,
): Promise<BackupFindings> {
  const state = await engine.observe(scene.protection.claim);
  const reading = await read(tools, scene, state);
  if ('facts' in reading) return reading;
  const step = await nextStep(tools, scene, { engine, mayBegin, state, reading });
  return findingsOf(tools, scene, { engine, state, reading, step });
}

/** Confirms and records a run that has ended; findings where the backups are another cluster's by now. */
async function read(tools: BackupTools, scene: BackupScene, state: RunState): Promise<Reading | BackupFindings> {
  const { before } = scene;
  const isOver = state.kind !== 'none' && state.name === before?.lastRun?.name;
  const ended = state.kind === 'ended' && !isOver ? [state] : [];
  const base = { isOver, hasEnded: ended.length > 0, unconfirmed: undefined } as const;
  const recorded = await settleBackups(tools, scene, ended.map(endedBackup));
  if (recorded?.kind === 'foreign') return notOurs(recorded);
  if (recorded?.kind === 'unknown') {
    return { ...base, memory: memoryOf(before), unconfirmed: recorded.message, status: {} };
  }
  const memory = recorded === undefined ? memoryOf(before) : remembered(before, recorded);
  return { ...base, memory, status: statusAfter(ended[0], before) };
}

interface Sight extends Extract<Backer, { kind: 'runs' }> {
  readonly state: RunState;
  readonly reading: Reading;
}

/** What is over goes only once the status says that it was read: whoever comes later would take it for one that goes on. */
async function nextStep(tools: BackupTools, scene: BackupScene, sight: Omit<Sight, 'kind'>): Promise<Step> {
  const { engine, state, reading } = sight;
  if (state.kind !== 'none' && reading.isOver) return await clear(engine, state);
  if (!reading.hasEnded) return await goOn(tools, scene, sight);
  return {
    lookAgainMilliseconds: reading.unconfirmed === undefined ? CLEAR_AGAIN_MILLISECONDS : ASK_AGAIN_MILLISECONDS,
  };
}

const nothingUnreadable = { count: 0, first: [] };

/** A run as what is confirmed by the destination. */
function endedBackup({ runId, endedAt, outcome }: EndedRun): EndedBackup {
  const base = { endedAt, knownIds: [], isTriedAgain: false } as const;
  const unclear = { kind: 'unclear' } as const;
  switch (outcome.kind) {
    case 'empty':
      return { ...base, succeeded: true, report: { kind: 'emptyVolume' } };
    case 'saved': {
      const { snapshotId } = outcome;
      const run = { id: runId, isWhole: true, unreadable: nothingUnreadable };
      const named = { kind: 'saved', wentOn: true, unreadable: nothingUnreadable } as const;
      return { ...base, succeeded: true, run, report: snapshotId === undefined ? unclear : { ...named, snapshotId } };
    }
    case 'partial':
      return { ...base, succeeded: false, run: { id: runId, isWhole: false, ...outcome }, report: unclear };
    case 'failed': {
      const run = { id: runId, isWhole: outcome.isWhole, unreadable: nothingUnreadable };
      return { ...base, succeeded: false, run, report: unclear };
    }
  }
}

/** What is remembered of a run that was read. A request is carried out unless its run failed. */
function statusAfter(
  ended: EndedRun | undefined,
  before: ProtectedVolumeStatus | undefined,
): Partial<ProtectedVolumeStatus> {
  if (ended === undefined) return {};
  const { name, endedAt, outcome, request } = ended;
  const isFailed = outcome.kind === 'failed';
  const failures = isFailed ? (before?.lastRun?.failures ?? 0) + 1 : 0;
  const message = isFailed ? { message: troubleInWords(outcome.trouble) } : {};
  const asked = request === undefined ? {} : { request };
  return {
    lastBackupAttemptTime: endedAt,
    lastRun: { name, endedAt, failures, ...message, ...asked },
    ...(isFailed || request === undefined ? {} : { lastBackupRequest: request }),
  };
}

async function clear(engine: BackupEngine, run: Exclude<RunState, { kind: 'none' }>): Promise<Step> {
  const isGone = await engine.discard(run);
  return { lookAgainMilliseconds: isGone ? undefined : CLEAR_AGAIN_MILLISECONDS };
}

const dueOf = ({ context }: Pick<BackupTools, 'context'>, { policy, protection }: BackupScene) =>
  dueTimes(policy.spec.schedule, protection.claim.metadata, context.now());

async function goOn(
  tools: BackupTools,
  scene: BackupScene,
  { engine, mayBegin, state, reading: { memory } }: Omit<Sight, 'kind'>,
): Promise<Step> {
  const plan = { claim: scene.protection.claim, volume: scene.volume, policy: scene.policy, access: scene.access };
  const { namespace, uid } = plan.claim.metadata;
  const parentId = hasFailed(scene) ? undefined : memory.lastBackup?.id;
  if (state.kind === 'underWay') {
    const { name, request, lookAgainMilliseconds } = state;
    await engine.advance({ ...plan, name, namespace, request, parentId });
    return { lookAgainMilliseconds };
  }
  if (!mayBegin || scene.policy.spec.suspend) return {};
  const next = nextRun(nextRunFacts(tools, scene, memory));
  if (next.kind === 'later') {
    const { atMilliseconds } = next;
    return { nextMilliseconds: atMilliseconds, lookAgainMilliseconds: atMilliseconds - tools.context.now() };
  }
  const name = backupRunName(uid, next.cause);
  const run = { ...plan, name, namespace, request: next.request, parentId };
  const { lastMilliseconds } = dueOf(tools, scene);
  const isOverdue = (untilOverdue(tools, scene, memory) ?? 1) <= 0;
  const isAsked = next.request !== undefined;
  const turn = askForTurn(tools, scene, { memory, dueMilliseconds: lastMilliseconds, isAsked, isOverdue });
  if (turn.kind === 'held') return { problem: turn.problem, lookAgainMilliseconds: ASK_AGAIN_MILLISECONDS };
  if (turn.kind === 'wait') {
    const { message: queued, lookAgainMilliseconds } = turn;
    return { queued, nextMilliseconds: lastMilliseconds, lookAgainMilliseconds };
  }
  const { hasBegun = false, ...step } = await begin(tools, scene, engine, run);
  if (!hasBegun) tools.context.movers.giveBack('backup', uid);
  return step;
}

/** Since when there are to be backups: the newest of the times that may count, RFC 3339. */
const begunAt = ({ volume }: BackupScene): string | undefined =>
  [volume.metadata.creationTimestamp, volume.status?.lastProof?.time]
    .filter((time) => time !== undefined)
    .toSorted()
    .at(-1);

const untilOverdue = ({ context }: BackupTools, scene: BackupScene, memory: BackupMemory): number | undefined =>
  untilOverdueOf(context, scene, memory, begunAt(scene));

const hasFailed = ({ before }: BackupScene): boolean => (before?.lastRun?.failures ?? 0) > 0;

function nextRunFacts(tools: BackupTools, scene: BackupScene, { lastFinding }: BackupMemory): NextRunFacts {
  const { metadata } = scene.protection.claim;
  const { lastRun, lastBackupAttemptTime, lastBackupRequest } = scene.before ?? {};
  const asked = metadata.annotations?.[BACKUP_NOW_ANNOTATION];
  const isEmpty = lastFinding?.kind === 'EmptyVolume';
  return {
    nowMilliseconds: tools.context.now(),
    due: dueOf(tools, scene),
    lastEndedMilliseconds: lastBackupAttemptTime === undefined ? undefined : Date.parse(lastBackupAttemptTime),
    failed:
      lastRun === undefined || lastRun.failures === 0
        ? undefined
        : { count: lastRun.failures, endedAtMilliseconds: Date.parse(lastRun.endedAt), request: lastRun.request },
    request: asked === '' || asked === lastBackupRequest ? undefined : asked,
    emptyRetryMilliseconds: isEmpty
      ? emptyVolumeRetryMilliseconds(lastFinding.time, metadata.creationTimestamp)
      : undefined,
  };
}

/** Nothing is begun unless the destination was seen to be the right one just now, and its repository is ready for a mover. */
async function begin(
  { context, cache }: BackupTools,
  scene: BackupScene,
  engine: BackupEngine,
  plan: RunPlan,
): Promise<Beginning> {
  const { claim, access } = plan;
  const refused = (problem: string): Step => ({ problem, lookAgainMilliseconds: ASK_AGAIN_MILLISECONDS });
  const verified = await access.destination.verifyIdentity({ timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS });
  if (!verified.ok) return refused(verified.message);
  const unready = await readyRepository(context, claim, access);
  if (unready !== undefined) return refused(unready);
  if (hasFailed(scene)) {
    // Such a run forgets nothing: like a restore, it is kept out by exclusive locks only.
    const locks = await clearLocks(context, cache, { claim, access, purpose: 'restore' });
    if (locks.kind === 'unknown') return refused(locks.message);
    if (locks.kind === 'locked') return { lookAgainMilliseconds: locks.lookAgainMilliseconds };
  }
  await engine.advance(plan);
  return { lookAgainMilliseconds: ASK_AGAIN_MILLISECONDS, hasBegun: true };
}

interface Found extends Pick<Sight, 'engine' | 'state' | 'reading'> {
  readonly step: Step;
}

function findingsOf(tools: BackupTools, scene: BackupScene, { engine, state, reading, step }: Found): BackupFindings {
  const { context } = tools;
  const { memory, unconfirmed, status } = reading;
  const { volume, policy, moverUser } = scene;
  const overdueMilliseconds = untilOverdue(tools, scene, memory);
  const isOverdue = overdueMilliseconds !== undefined && overdueMilliseconds <= 0;
  const isUnconfirmed = unconfirmed !== undefined;
  const { restoreFinding } = volume.status ?? {};
  const keepAll = reasonsToKeepAll({ ...memory, isUnconfirmed, isOverdue, isPruningRefused: false, restoreFinding });
  const nextMilliseconds = step.nextMilliseconds ?? dueOf(tools, scene).nextMilliseconds;
  return {
    facts: {
      backupTrouble: troubleOf(state, status.lastRun ?? scene.before?.lastRun),
      unconfirmed,
      isOverdue,
      repositoryProblem: step.problem,
      queued: step.queued,
      scheduleAgeMilliseconds: ageMilliseconds(context, { name: '', creationTimestamp: begunAt(scene) }),
      backupAdvice: engine.advice,
    },
    memory,
    status: {
      ...status,
      ...(policy.spec.suspend ? {} : { nextBackupTime: rfc3339(nextMilliseconds) }),
      ...(Object.keys(moverUser).length === 0 ? {} : { moverUser }),
      pruningPaused: keepAll.length > 0,
      pruningPausedBecause: keepAll,
    },
    lookAgainMilliseconds: shortest([step.lookAgainMilliseconds, overdueMilliseconds]),
  };
}

/** What keeps the run under way, or why the last one failed. */
function troubleOf(state: RunState, lastRun: ProtectedVolumeStatus['lastRun']): string | undefined {
  if (state.kind === 'underWay' && state.trouble !== undefined) return troubleInWords(state.trouble);
  return lastRun === undefined || lastRun.failures === 0 ? undefined : lastRun.message;
}
