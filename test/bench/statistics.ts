/**
 * The middle value; the mean of the two middle ones where their number is even.
 * @throws RangeError when there are no samples.
 */
export function median(samples: readonly number[]): number {
  const sorted = ascending(samples);
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? at(sorted, upper) : (at(sorted, upper - 1) + at(sorted, upper)) / 2;
}

/**
 * The smallest sample that at least this share of all samples does not exceed (nearest rank).
 * @param share in (0, 1], for example 0.99.
 * @throws RangeError when there are no samples, or when the share is not one.
 */
export function percentile(samples: readonly number[], share: number): number {
  if (!(share > 0 && share <= 1)) throw new RangeError(`${share} is not a share in (0, 1]`);
  const sorted = ascending(samples);
  return at(sorted, Math.ceil(share * sorted.length) - 1);
}

/** Rounded to some significant digits: what was measured is not known to the nanosecond. */
export function rounded(value: number, significantDigits = 4): number {
  return Number(value.toPrecision(significantDigits));
}

const ascending = (samples: readonly number[]): readonly number[] => samples.toSorted((a, b) => a - b);

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index];
  if (value === undefined) throw new RangeError('there are no samples');
  return value;
}
