import { setTimeout as delay } from 'node:timers/promises';

import { ClusterError, messageOf } from './cluster-error.ts';

export interface PollOptions {
  /** Completes the sentence "timed out waiting for ...". */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly intervalMs?: number;
  /** Asked between two tries; may throw to give up early, for example because a process has died. */
  readonly giveUp?: () => void | Promise<void>;
}

/**
 * Calls `check` until it answers something other than undefined or false, and returns that.
 * An error thrown by `check` counts as "not yet" and is named in the message when time runs out.
 * @throws ClusterError when the time is over.
 */
export async function poll<T>(options: PollOptions, check: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = Date.now() + options.timeoutSeconds * 1000;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await check();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    await options.giveUp?.();
    if (Date.now() >= deadlineMs) {
      const cause = lastError === undefined ? '' : `: ${messageOf(lastError)}`;
      throw new ClusterError(`timed out after ${options.timeoutSeconds} s waiting for ${options.what}${cause}`);
    }
    await delay(options.intervalMs ?? 100);
  }
}
