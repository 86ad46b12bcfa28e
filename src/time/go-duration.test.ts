import { describe, expect, it } from 'vitest';
import { parseGoDuration } from './go-duration.ts';

describe('parseGoDuration', () => {
  it.each([
    ['12.345s', 12_345],
    ['1m2s', 62_000],
    ['1h0m0.5s', 3_600_500],
    ['250ms', 250],
    ['1500µs', 1.5],
    ['0s', 0],
  ])('understands %s', (text, milliseconds) => {
    expect(parseGoDuration(text)).toBe(milliseconds);
  });

  it.each(['', '12', 's', '-3s', '1 m', '1m2'])('does not guess at %j', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});
