/** How delays grow. All delays in milliseconds. */
export interface BackoffOptions {
  readonly initialMilliseconds: number;
  readonly maximumMilliseconds: number;
  /** Growth per attempt; 2 if not given. */
  readonly factor?: number;
  /** Share of the delay that is random: the result lies in [delay * (1 - jitter), delay]. 0 if not given. */
  readonly jitter?: number;
}

/**
 * The delay before a retry.
 *
 * @param attempt 0 for the first retry.
 * @param random a number in [0, 1), used only where there is jitter.
 */
export function backoffMilliseconds(options: BackoffOptions, attempt: number, random = 0): number {
  const { initialMilliseconds, maximumMilliseconds, factor = 2, jitter = 0 } = options;
  const grown = initialMilliseconds * factor ** attempt;
  const capped = Math.min(grown, maximumMilliseconds);
  return capped * (1 - jitter * random);
}
