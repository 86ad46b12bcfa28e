import { describe, expect, it } from 'vitest';
import { judge, medianOf, series } from './report.ts';

describe('series', () => {
  it('keeps every sample in order, and their median', () => {
    expect(series([3.000_04, 1, 2])).toEqual({ median: 2, samples: [3, 1, 2] });
  });
});

describe('judge', () => {
  it('takes the limit itself as reached', () => {
    expect(judge({ name: 'ratio', value: 0.65, limit: 0.65, comparison: 'at most' }).reached).toBe(true);
    expect(judge({ name: 'rate', value: 0.45, limit: 0.45, comparison: 'at least' }).reached).toBe(true);
  });

  it('says what was missed', () => {
    expect(judge({ name: 'ratio', value: 0.66, limit: 0.65, comparison: 'at most' }).reached).toBe(false);
    expect(judge({ name: 'rate', value: 0.44, limit: 0.45, comparison: 'at least' }).reached).toBe(false);
  });
});

describe('medianOf', () => {
  const variants = { bare: { p50Milliseconds: series([1, 2, 3]) } };

  it('finds the median', () => {
    expect(medianOf(variants, 'bare', 'p50Milliseconds')).toBe(2);
  });

  it('never makes a number up', () => {
    expect(() => medianOf(variants, 'bare', 'p99Milliseconds')).toThrow('p99Milliseconds of bare was not measured');
  });
});
