import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile, rounded } from './statistics.ts';

const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });

describe('median', () => {
  it('is the middle one, or between the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('does not change its input', () => {
    const given = [3, 1, 2];
    median(given);
    expect(given).toEqual([3, 1, 2]);
  });

  it('refuses to speak of nothing', () => {
    expect(() => median([])).toThrow('there are no samples');
  });
});

describe('percentile', () => {
  it('is the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([5], 0.01)).toBe(5);
  });

  it('is one of the samples, and at least that share does not exceed it', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (given, share) => {
        const value = percentile(given, share);
        const notAbove = given.filter((sample) => sample <= value).length;
        return given.includes(value) && notAbove >= share * given.length;
      }),
    );
  });

  it('refuses what is no share, and nothing', () => {
    expect(() => percentile([1], 0)).toThrow('not a share');
    expect(() => percentile([1], 99)).toThrow('not a share');
    expect(() => percentile([], 0.5)).toThrow('there are no samples');
  });
});

describe('rounded', () => {
  it('keeps the significant digits', () => {
    expect([rounded(12.34567), rounded(0.000123456), rounded(123_456), rounded(2, 1)]).toEqual([
      12.35, 0.0001235, 123_500, 2,
    ]);
  });
});
