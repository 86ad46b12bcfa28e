import { setTimeout as delay } from 'node:timers/promises';

import { messageOf } from '../../cluster/cluster-error.ts';

export interface EventuallyOptions {
  /** 180,000 if not given. */
  readonly timeoutMilliseconds?: number;
  /** 300 if not given. */
  readonly intervalMilliseconds?: number;
  /** What the world looks like: asked when the time is over, for the message. */
  readonly describe?: () => Promise<string>;
}

/**
 * Looks until there is an answer other than undefined or false, and returns it. A look that throws counts as "not yet":
 * servers may be down on purpose.
 * @param what completes the sentence "waited for ...".
 * @throws Error when the time is over, with the last error and the description of the world.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMilliseconds = 180_000, intervalMilliseconds = 300, describe } = options;
  const deadline = performance.now() + timeoutMilliseconds;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) break;
    await delay(intervalMilliseconds);
  }
  const cause = lastError === undefined ? '' : `\nthe last look failed: ${messageOf(lastError)}`;
  const world = describe === undefined ? '' : `\n${await describe().catch(messageOf)}`;
  throw new Error(`waited ${timeoutMilliseconds / 1000} s in vain for ${what}${cause}${world}`);
}
