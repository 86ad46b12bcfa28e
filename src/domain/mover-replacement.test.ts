import { describe, expect, it } from 'vitest';
import { mayReplaceMover } from './mover-replacement.ts';

describe('mayReplaceMover', () => {
  it.each([
    ['between runs', { busy: false, busyMilliseconds: 0, moverRuns: false }, true],
    ['while a mover works', { busy: true, busyMilliseconds: 5_000_000, moverRuns: true }, false],
    ['while a mover may be about to start', { busy: true, busyMilliseconds: 59_999, moverRuns: false }, false],
    ['where no mover starts, or it fails', { busy: true, busyMilliseconds: 60_000, moverRuns: false }, true],
  ])('%s: %j is %s', (_, facts, expected) => {
    expect(mayReplaceMover(facts)).toBe(expected);
  });
});
