/** The longest that a claim waits for a destination's answer. */
export const PROBE_LIMIT_MILLISECONDS = 2_000;
/** Kept back for the answer's way to the API server. */
const RESERVE_MILLISECONDS = 500;

/**
 * How long a probe may take. The API server says in the query `timeout` how much time is left, as a Go duration rounded
 * up to whole seconds (k8s.io/apiserver, plugin/webhook/mutating/dispatcher.go), so the last second may be no second.
 *
 * @param timeout the value of the query parameter, such as `5s`; without one the whole limit is taken.
 * @param spentMilliseconds since the request began to arrive.
 * @returns milliseconds; 0 when there is no time to ask.
 */
export function probeBudgetMilliseconds(timeout: string | undefined, spentMilliseconds: number): number {
  const match = /^(\d{1,3})s$/.exec(timeout ?? '');
  if (match === null) return PROBE_LIMIT_MILLISECONDS;
  const certain = (Number(match[1]) - 1) * 1_000;
  return Math.max(0, Math.min(PROBE_LIMIT_MILLISECONDS, certain - RESERVE_MILLISECONDS - spentMilliseconds));
}
