import type { FailedAttempt } from '../../engines/engine.ts';
import { troubleInWords } from '../../engines/mover-trouble.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { backoffMilliseconds } from '../../time/backoff.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { warn } from '../context.ts';
import { awaitUsable } from './await-usable.ts';
import {
  ENGINE_LOOK_MILLISECONDS,
  engineOf,
  openFor,
  type PrimedScene,
  type PrimedStep,
  type Scene,
  type Stop,
  type Tools,
} from './scene.ts';
import { recordProgress } from './status.ts';

/** Soon at first, then less and less: each attempt reads the whole snapshot. */
const retryBackoff = { initialMilliseconds: 30_000, maximumMilliseconds: 300_000 };

/** Why an attempt did not count. */
interface Rejection {
  readonly reason: string;
  readonly message: string;
  /** How long the next one waits; none at all where something else than the attempt was wrong. */
  readonly delayMilliseconds?: number;
}

/** Throws an attempt away and lets the next one begin. */
export async function again(
  tools: Tools,
  { restore, claim }: Scene,
  attempt: number,
  { reason, message: words, delayMilliseconds = 0 }: Rejection,
): Promise<Stop> {
  await engineOf(tools, restore).discard({ restore, attempt });
  const message = `The restore was not accepted and is done again; the claim waits, unbound: ${words.replace(/\.+$/, '')}.`;
  const {
    provenTime: _proof,
    primeClaimUID: _prime,
    restored: _report,
    secretName: _secret,
    ...status
  } = restore.status ?? {};
  const nextAttemptTime = rfc3339(tools.context.now() + delayMilliseconds);
  const anew = {
    ...restore,
    status: { ...status, phase: 'Restoring' as const, attempts: attempt + 1, nextAttemptTime },
  };
  await recordProgress(tools.context, anew, { stalled: true, reason, message });
  warn(tools.context, claim, reason, message);
  return { result: requeueAfter(delayMilliseconds) };
}

/** What was restored is not what was expected: another attempt may meet the same, so the first follows at once, and no other does. */
export async function rejectResult(
  tools: Tools,
  scene: Scene,
  attempt: number,
  why: Pick<Rejection, 'reason' | 'message'>,
): Promise<Stop> {
  const delayMilliseconds = attempt === 1 ? 0 : backoffMilliseconds(retryBackoff, attempt - 2);
  return await again(tools, scene, attempt, { ...why, delayMilliseconds });
}

/** Until the next attempt may begin; undefined where it may. */
export function awaitNextAttempt({ context }: Tools, { restore }: Scene): Stop | undefined {
  const { nextAttemptTime } = restore.status ?? {};
  const leftMilliseconds = nextAttemptTime === undefined ? 0 : Date.parse(nextAttemptTime) - context.now();
  return leftMilliseconds > 0 ? { result: requeueAfter(leftMilliseconds) } : undefined;
}

/** Says why an attempt failed, and begins the next one: soon at first, then less and less. */
export async function retry(
  tools: Tools,
  scene: PrimedScene,
  attempt: number,
  { trouble, endedAtMilliseconds }: FailedAttempt,
): Promise<PrimedStep> {
  const { restore } = scene;
  const message = `The restore fails and is tried again; the claim waits, unbound. ${troubleInWords(trouble)}`;
  const opened = openFor(tools, restore);
  const isShut = opened.ok && engineOf(tools, restore).isShutOut(trouble);
  const shut = isShut ? await awaitUsable(tools, scene, opened.access) : undefined;
  if (shut !== undefined) return shut;
  const leftMilliseconds = endedAtMilliseconds + backoffMilliseconds(retryBackoff, attempt - 1) - tools.context.now();
  if (leftMilliseconds <= 0)
    return await again(tools, scene, attempt, { reason: 'RestoreFailing', message: trouble.message });
  const stop = await showTrouble(tools, scene, 'RestoreFailing', message);
  return leftMilliseconds < ENGINE_LOOK_MILLISECONDS ? { result: requeueAfter(leftMilliseconds) } : stop;
}

/** Shows what keeps the mover from its work, and warns of it, each time. */
export async function showTrouble(
  tools: Tools,
  { restore, claim }: Scene,
  reason: string,
  message: string,
): Promise<Stop> {
  await recordProgress(tools.context, restore, { stalled: true, reason, message });
  warn(tools.context, claim, reason, message);
  return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
}
