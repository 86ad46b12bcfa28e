/** A removal that waits for a person: so much would go, for the first time, by rules that were changed. */
export interface HeldRemoval {
  /** RFC 3339: since when it waits. */
  readonly since: string;
  /** The rules, as text: another change is another question. */
  readonly rules: string;
}

/**
 * Whether the user has answered a removal that waits: with a time since it began to wait, which is not yet to come. So an annotation
 * that stays on the claim, or in Git, answers no later change of the rules.
 *
 * @param answer value of rebound.dev/accept-removal.
 */
export function isRemovalAccepted(
  held: HeldRemoval | undefined,
  rules: string,
  answer: string | undefined,
  nowMilliseconds: number,
): boolean {
  if (held === undefined || held.rules !== rules || answer === undefined) return false;
  const answeredMilliseconds = Date.parse(answer);
  // NaN is neither.
  return answeredMilliseconds >= Date.parse(held.since) && answeredMilliseconds <= nowMilliseconds;
}
