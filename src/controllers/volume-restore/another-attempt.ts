import type { FailedAttempt } from '../../engines/engine.ts';
import { troubleInWords } from '../../engines/mover-trouble.ts';
import { requeueAfter } from '../../runtime/result.ts';
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

const RETRY_MILLISECONDS = 30_000;

/** Throws an attempt away and lets the next one begin. */
export async function again(
  tools: Tools,
  { restore, claim }: Scene,
  attempt: number,
  why: { readonly reason: string; readonly message: string },
): Promise<PrimedStep> {
  await engineOf(tools, restore).discard({ restore, attempt });
  const message = `The restore was not accepted and is done again; the claim waits, unbound: ${why.message.replace(/\.+$/, '')}.`;
  const {
    provenTime: _proof,
    primeClaimUID: _prime,
    restored: _report,
    secretName: _secret,
    ...status
  } = restore.status ?? {};
  const anew = { ...restore, status: { ...status, phase: 'Restoring' as const, attempts: attempt + 1 } };
  await recordProgress(tools.context, anew, { stalled: true, reason: why.reason, message });
  warn(tools.context, claim, why.reason, message);
  return { result: requeueAfter(attempt === 1 ? 0 : RETRY_MILLISECONDS) };
}

/** The longest that a failed attempt is waited after before the next. */
const LONGEST_RETRY_MILLISECONDS = 300_000;

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
  const delayMilliseconds = Math.min(LONGEST_RETRY_MILLISECONDS, RETRY_MILLISECONDS * 2 ** (attempt - 1));
  const leftMilliseconds = endedAtMilliseconds + delayMilliseconds - tools.context.now();
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
