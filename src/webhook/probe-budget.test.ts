import { describe, expect, it } from 'vitest';
import { probeBudgetMilliseconds } from './probe-budget.ts';

describe('probeBudgetMilliseconds', () => {
  it.each([
    ['5s', 0, 2_000],
    ['4s', 600, 1_900],
    ['3s', 0, 1_500],
    ['2s', 0, 500],
    ['2s', 499, 1],
    ['2s', 700, 0],
    ['1s', 0, 0],
    ['0s', 0, 0],
    ['30s', 0, 2_000],
    [undefined, 0, 2_000],
    ['soon', 0, 2_000],
  ])('of a timeout of %s with %d ms spent is %d ms', (timeout, spent, expected) => {
    expect(probeBudgetMilliseconds(timeout, spent)).toBe(expected);
  });
});
