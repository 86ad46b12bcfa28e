import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { passesMilestone, progressAfter, progressInWords, type RestoreProgress } from './restore-progress.ts';

const GIB = 1024 ** 3;
const START = Date.parse('2030-01-01T00:00:00Z');

const after = (before: RestoreProgress | undefined, doneBytes: number, seconds: number, attempt = 1) =>
  progressAfter(before, { attempt, doneBytes, totalBytes: 4 * GIB, nowMilliseconds: START + seconds * 1000 });

describe('progress of a restore', () => {
  it('says how much is done, and how long the rest takes at the pace since it was first heard', () => {
    const first = after(undefined, GIB, 10);
    expect(progressInWords(first)).toBe('1.0 GiB of 4.0 GiB (25 %)');
    const second = after(first, 2 * GIB, 610);
    expect(progressInWords(second)).toBe('2.0 GiB of 4.0 GiB (50 %), some 20 min to go at this pace');
    expect(progressInWords(after(first, 1.01 * GIB, 610))).toContain('some 49 h 50 min to go');
  });

  it('begins anew with an attempt, and with a mover that begins anew', () => {
    const before = after(after(undefined, GIB, 10), 2 * GIB, 20);
    expect(after(before, GIB / 2, 30, 2)).toMatchObject({ attempt: 2, startBytes: GIB / 2 });
    expect(after(before, GIB / 2, 30)).toMatchObject({ startBytes: GIB / 2 });
  });

  it('is no number that nobody understands, whatever a mover says', () => {
    const bytes = fc.integer({ min: 0, max: 2 ** 50 });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, (a, b, firstTotal, total) => {
        const first = progressAfter(undefined, {
          attempt: 1,
          doneBytes: a,
          totalBytes: firstTotal,
          nowMilliseconds: START,
        });
        const second = progressAfter(first, {
          attempt: 1,
          doneBytes: b,
          totalBytes: total,
          nowMilliseconds: START + 1000,
        });
        for (const words of [first, second].map(progressInWords)) expect(words).not.toMatch(/NaN|Infinity|-\d|e\+/);
      }),
    );
  });

  it('is worth an event at each quarter, once, and the whole is not', () => {
    const quarters = [0, 0.9, 1, 1.5, 2.1, 3.9, 4].map((part) => part * GIB);
    let before: RestoreProgress | undefined;
    const told = quarters.filter((doneBytes, index) => {
      const now = after(before, doneBytes, index);
      const isTold = passesMilestone(before, now);
      before = now;
      return isTold;
    });
    expect(told.map((bytes) => bytes / GIB)).toEqual([1, 2.1, 3.9]);
  });
});
