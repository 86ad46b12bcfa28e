import type { MachineFacts } from './machine.ts';
import { median, rounded } from './statistics.ts';

/** All samples of one measurement, in the order they were taken. The unit is in the measurement's name. */
export interface Series {
  readonly median: number;
  readonly samples: readonly number[];
}

/** Measurements of one variant by name, for example `createToBoundSeconds`. */
export type Measurements = Readonly<Record<string, Series>>;

/** A bound that a measured value is to keep. */
export interface Target {
  /** What is bounded, in words. */
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly comparison: 'at most' | 'at least';
}

export interface JudgedTarget extends Target {
  readonly reached: boolean;
}

/** What a benchmark found, apart from where and when. */
export interface Findings {
  /** What was done: sizes, counts, versions. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly variants: Readonly<Record<string, Measurements>>;
  /** Quotients of medians and other derived values, by name. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly targets: readonly JudgedTarget[];
  /** What a reader has to know to judge the numbers. */
  readonly notes: readonly string[];
}

export interface BenchReport extends Findings {
  readonly bench: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly machine: MachineFacts;
}

export function series(samples: readonly number[]): Series {
  return { median: rounded(median(samples)), samples: samples.map((sample) => rounded(sample)) };
}

export function judge(target: Target): JudgedTarget {
  const { comparison, limit } = target;
  const value = rounded(target.value);
  return { ...target, value, reached: comparison === 'at most' ? value <= limit : value >= limit };
}

/**
 * The median of a variant's measurement.
 * @throws RangeError when nothing of that name was measured.
 */
export function medianOf(variants: Findings['variants'], variant: string, measurement: string): number {
  const found = variants[variant]?.[measurement];
  if (found === undefined) throw new RangeError(`${measurement} of ${variant} was not measured`);
  return found.median;
}
