import { isDeepStrictEqual } from 'node:util';
import type { SnapshotReference } from '../../api/snapshot.ts';
import { proveRestore } from '../../domain/proof.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { AttemptState, EndedAttempt, NotStarted, RunningAttempt } from '../../engines/engine.ts';
import { MOVER_PATIENCE_MILLISECONDS, type MoverTrouble, troubleInWords } from '../../engines/mover-trouble.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { moverUserOf } from '../mover-user.ts';
import { tell, warn } from '../context.ts';
import { releasePrime } from '../unchecked-prime.ts';
import { again, awaitNextAttempt, rejectResult, retry, showTrouble } from './another-attempt.ts';
import { awaitOldMovers } from './await-old-movers.ts';
import { awaitUsable } from './await-usable.ts';
import { chooseAgain } from './choose-content.ts';
import { clearFilled, clearPrime } from './clear-prime.ts';
import { giveUpPrime, recordFilled, refuseFilled, wasSeen } from './filled-prime.ts';
import {
  engineOf,
  ENGINE_LOOK_MILLISECONDS,
  hold,
  openFor,
  type PrimedScene,
  type PrimedStep,
  type Scene,
  short,
  showLastingWait,
  type Stop,
  type Tools,
} from './scene.ts';
import { showProgress } from './show-progress.ts';
import { recordStart, renew, start } from './start-attempt.ts';
import { recordProgress } from './status.ts';
import { inTurn } from './in-turn.ts';

const LOG_WAIT_MILLISECONDS = 2_000;

const primeClaimReplaced = {
  reason: 'PrimeClaimReplaced',
  message: 'the prime claim was deleted and made anew, so what was restored is gone',
};

const moverUserChanged = {
  reason: 'MoverUserChanged',
  message: 'the mover did not get on, and another user is named for it now',
};

const attemptDeleted = {
  reason: 'AttemptDeleted',
  message: "somebody deleted the engine's object of an attempt that may have written into the volume",
};

/** An attempt that has not ended. */
interface WatchedAttempt {
  readonly snapshot: SnapshotReference;
  readonly attempt: number;
  readonly running: RunningAttempt;
}

const restoringMessage = (snapshot: SnapshotReference, attempt: number): string =>
  `The mover restores snapshot ${short(snapshot)} (attempt ${attempt}).`;

/** Whether the prime claim's volume was found to be one that may be written into. */
const isCleared = ({ restore, prime }: PrimedScene): boolean =>
  restore.status?.clearedPrime?.claimUID === prime.metadata.uid;

/** Steps 4 and 5: restore into the prime claim, and prove what came back. */
export async function fillPrime(tools: Tools, scene: PrimedScene): Promise<PrimedStep> {
  const { restore, prime } = scene;
  const { snapshot, provenTime, blank, primeClaimUID } = restore.status ?? {};
  if (isCleared(scene) && wasSeen(tools, scene)) await releasePrime(tools.context.client, prime);
  if (blank === true || snapshot === undefined) return await clearBlank(tools, scene);
  const attempt = Math.max(1, restore.status?.attempts ?? 1);
  if (primeClaimUID !== undefined && primeClaimUID !== prime.metadata.uid) {
    return await again(tools, scene, attempt, primeClaimReplaced);
  }
  return provenTime === undefined ? await followAttempt(tools, scene, snapshot, attempt) : scene;
}

/** A blank volume is handed over as it is: it must be one that was made for the claim. */
async function clearBlank(tools: Tools, scene: PrimedScene): Promise<PrimedStep> {
  if (engineOf(tools, scene.restore).looksItself) return await giveUpPrime(tools, scene);
  return isCleared(scene) ? scene : await clearPrime(tools, scene, 1);
}

async function followAttempt(
  tools: Tools,
  scene: PrimedScene,
  snapshot: SnapshotReference,
  attempt: number,
): Promise<PrimedStep> {
  const old = await awaitOldMovers(tools, scene, attempt);
  if (old !== undefined) return old;
  const early = awaitNextAttempt(tools, scene);
  if (early !== undefined) return early;
  const { restore } = scene;
  const state = engineOf(tools, restore).observe({ restore, attempt });
  const known = mayHaveWritten(state) ? await recordFilled(tools, scene, attempt) : scene;
  return await followState(tools, known, { snapshot, attempt, state });
}

const mayHaveWritten = (state: AttemptState): boolean =>
  state.kind === 'ended' || ((state.kind === 'running' || state.kind === 'failed') && state.mayHaveWritten === true);

async function followState(
  tools: Tools,
  scene: PrimedScene,
  { snapshot, attempt, state }: Pick<WatchedAttempt, 'snapshot' | 'attempt'> & { readonly state: AttemptState },
): Promise<PrimedStep> {
  switch (state.kind) {
    case 'absent':
      return await startOver(tools, scene, snapshot, attempt);
    case 'paused': {
      const cleared = isCleared(scene) ? scene : await clearPrime(tools, scene, attempt);
      return 'result' in cleared ? cleared : await begin(tools, cleared, snapshot, attempt);
    }
    case 'running':
      return await watchOver(tools, scene, { snapshot, attempt, running: state });
    case 'failed':
      return await retry(tools, scene, attempt, state);
    case 'notEmpty':
      return await refuseFilled(tools, scene, state.report);
    case 'ended':
      if (!state.heardAll) return { result: requeueAfter(LOG_WAIT_MILLISECONDS) };
      return await judge(tools, scene, snapshot, { attempt, ended: state });
  }
}

/** No object of the attempt is there: it never was, or somebody deleted it. */
async function startOver(
  tools: Tools,
  scene: PrimedScene,
  snapshot: SnapshotReference,
  attempt: number,
): Promise<PrimedStep> {
  if (!isCleared(scene)) return await prepare(tools, scene, snapshot, attempt);
  const mayHaveWritten = attempt === scene.restore.status?.clearedPrime?.attempt;
  return mayHaveWritten
    ? await again(tools, scene, attempt, attemptDeleted)
    : await begin(tools, scene, snapshot, attempt);
}

/** Lets the engine prepare itself while the prime claim gets its volume, and until that one was looked at. */
async function prepare(
  tools: Tools,
  scene: PrimedScene,
  snapshot: SnapshotReference,
  attempt: number,
): Promise<PrimedStep> {
  const { restore } = scene;
  const access = openFor(tools, restore);
  if (!access.ok) return await hold(tools, scene, access.reason, access.message);
  const message = restoringMessage(snapshot, attempt);
  const recorded = await recordStart(tools, scene, { access: access.access, attempt, message });
  await start(tools, { ...scene, restore: recorded }, access.access, attempt);
  return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
}

async function begin(
  tools: Tools,
  scene: PrimedScene,
  snapshot: SnapshotReference,
  attempt: number,
): Promise<PrimedStep> {
  const { restore } = scene;
  const opened = openFor(tools, restore);
  if (!opened.ok) return await hold(tools, scene, opened.reason, opened.message);
  const { access } = opened;
  return await inTurn(tools, scene, async () => {
    const shut = await awaitUsable(tools, scene, access);
    if (shut !== undefined) return shut;
    const chosen = await chooseAgain(tools, scene, access, snapshot);
    if ('result' in chosen) return chosen;
    const message = restoringMessage(chosen.snapshot, attempt);
    const recorded = await recordStart(tools, scene, { access, attempt, message }, chosen.status);
    chosen.announce();
    await start(tools, { ...scene, restore: recorded }, access, attempt);
    return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS), hasBegun: true };
  });
}

/**
 * Whether the mover does not get on, and the claim or its pods name another user by now. One at work is left alone, and so is one that
 * runs as root whomever they name.
 */
function needsAnotherUser(tools: Tools, { restore, claim }: Scene, { trouble, notStarted }: RunningAttempt): boolean {
  if (engineOf(tools, restore).restoresAllMetadata) return false;
  if (notStarted === undefined && trouble?.kind !== 'failed') return false;
  const { moverUser = {} } = restore.status ?? {};
  const choice = moverUserOf(tools.context.stores, claim, moverUser);
  return choice.ok && choice.source !== 'engine' && !isDeepStrictEqual(choice.user, moverUser);
}

async function watchOver(
  tools: Tools,
  scene: Scene,
  { snapshot, attempt, running }: WatchedAttempt,
): Promise<PrimedStep> {
  const { restore } = scene;
  const { trouble, notStarted } = running;
  if (needsAnotherUser(tools, scene, running)) return await again(tools, scene, attempt, moverUserChanged);
  if (trouble?.kind !== 'failed' && notStarted !== undefined) {
    return await awaitMover(tools, scene, notStarted, trouble);
  }
  if (trouble === undefined) {
    return await showProgress(tools, scene, { attempt, running, message: restoringMessage(snapshot, attempt) });
  }
  if (trouble.kind === 'silent') {
    const message = `The mover of the restore runs; the claim waits, unbound. ${troubleInWords(trouble)}`;
    return await showTrouble(tools, scene, 'MoverSilent', message);
  }
  const message = `The restore fails and is tried again; the claim waits, unbound. ${troubleInWords(trouble)}`;
  const opened = openFor(tools, restore);
  if (!opened.ok) return await showTrouble(tools, scene, 'RestoreFailing', message);
  const { access } = opened;
  const renewed = running.moverRuns ? scene : await renew(tools, scene, { access, attempt, message });
  const shut = engineOf(tools, restore).isShutOut(trouble) ? await awaitUsable(tools, renewed, access) : undefined;
  return shut ?? (await showTrouble(tools, renewed, 'RestoreFailing', message));
}

async function awaitMover(
  tools: Tools,
  scene: Scene,
  { waitedMilliseconds, explain }: NotStarted,
  known: MoverTrouble | undefined,
): Promise<Stop> {
  const message = 'The mover of the restore has not started yet; the claim waits, unbound.';
  const isLate = waitedMilliseconds >= MOVER_PATIENCE_MILLISECONDS;
  const trouble = isLate ? (known ?? (await explain())) : undefined;
  if (trouble !== undefined)
    return await showTrouble(tools, scene, 'WaitingForMover', `${message} ${troubleInWords(trouble)}`);
  return await showLastingWait(tools, scene, {
    reason: 'WaitingForMover',
    message,
    advice: engineOf(tools, scene.restore).absentMoverAdvice,
    waitedMilliseconds,
  });
}

async function judge(
  tools: Tools,
  scene: PrimedScene,
  snapshot: SnapshotReference,
  { attempt, ended }: { readonly attempt: number; readonly ended: EndedAttempt },
): Promise<PrimedStep> {
  const { report, lost } = ended;
  const expectation = { snapshotId: snapshot.id, sizeBytes: snapshot.sizeBytes, files: snapshot.files };
  const verdict = proveRestore(expectation, report);
  if (verdict.kind !== 'proven') {
    const filled = report.snapshotId === undefined ? scene : await clearFilled(tools, scene, attempt);
    const reason = verdict.kind === 'mismatch' ? 'RestoreMismatch' : 'RestoreUnproven';
    return await rejectResult(tools, filled, attempt, { reason, message: verdict.message });
  }
  const message = `Proven: ${verdict.message}.`;
  const restored = {
    snapshotId: snapshot.id,
    ...(report.entries === undefined ? {} : { files: report.entries }),
    ...(report.sizeBytes === undefined ? {} : { sizeBytes: report.sizeBytes }),
  };
  const status = { phase: 'Proven', restored, provenTime: rfc3339(tools.context.now()) } as const;
  const recorded = await recordProgress(tools.context, scene.restore, { status, reason: 'Proven', message });
  tell(tools.context, scene.claim, 'RestoreProven', message);
  if (lost !== undefined) warn(tools.context, scene.claim, 'AttributesNotRestored', lost);
  return { ...scene, restore: recorded };
}
