import { expect, it } from 'vitest';
import { backoffMilliseconds } from './backoff.ts';

it('doubles up to the maximum, however often it is tried', () => {
  const options = { initialMilliseconds: 5, maximumMilliseconds: 1_000_000 };
  expect([0, 1, 2, 10, 17, 18, 5000].map((attempt) => backoffMilliseconds(options, attempt))).toEqual([
    5, 10, 20, 5120, 655_360, 1_000_000, 1_000_000,
  ]);
});

it('spreads by its jitter below the full delay', () => {
  const options = { initialMilliseconds: 100, maximumMilliseconds: 1000, jitter: 0.5 };
  expect(backoffMilliseconds(options, 0, 0)).toBe(100);
  expect(backoffMilliseconds(options, 0, 0.5)).toBe(75);
  expect(backoffMilliseconds(options, 9, 0.999)).toBeCloseTo(500.5);
});
