/** How long anything may take before a person is told that it waits: what ends sooner was no wait. */
export const GRACE_MILLISECONDS = 30_000;

/** Why something stands where it stands, in one word and one sentence. */
export interface Explanation {
  readonly reason: string;
  readonly message: string;
}

/** When a standing is told, beyond being shown in a status at once. */
export type Telling =
  /** As soon as its reason is a new one: progress, and whatever is wrong. */
  | { readonly when: 'new' }
  /** Once, when it outlasts its grace. */
  | { readonly when: 'lasting'; readonly graceLeftMilliseconds: number }
  | { readonly when: 'never' };

/** Something that others have yet to do, and that is nothing to worry about unless it lasts. */
export interface Wait extends Explanation {
  /** What a person can do about it when it lasts. Absent where it is told elsewhere: it is shown, and never told. */
  readonly advice?: string | undefined;
  readonly waitedMilliseconds: number;
  /** GRACE_MILLISECONDS if not given. */
  readonly graceMilliseconds?: number;
}

/** A wait as it is shown, with its advice once it has outlasted its grace, and when it is told. */
export function putWait(wait: Wait): Explanation & { readonly telling: Telling } {
  const { reason, message, advice, waitedMilliseconds, graceMilliseconds = GRACE_MILLISECONDS } = wait;
  if (advice === undefined) return { reason, message, telling: { when: 'never' } };
  // The clock of the API server, which says when objects were made, may be ahead.
  const graceLeftMilliseconds = Math.min(graceMilliseconds, Math.max(0, graceMilliseconds - waitedMilliseconds));
  return {
    reason,
    message: graceLeftMilliseconds > 0 ? message : `${message} ${advice}`,
    telling: { when: 'lasting', graceLeftMilliseconds },
  };
}

/**
 * Whether a standing is to be told, given the one that was recorded before it. What is recorded is all that counts, so a
 * restart repeats nothing.
 */
export function isNews(before: Explanation | undefined, now: Explanation, telling: Telling): boolean {
  switch (telling.when) {
    case 'new':
      return before?.reason !== now.reason;
    case 'lasting':
      // Within its grace the same wait was recorded without its advice, and not told.
      return telling.graceLeftMilliseconds <= 0 && (before?.reason !== now.reason || before.message !== now.message);
    case 'never':
      return false;
  }
}
