import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeCollapse } from './collapse.ts';

const MEBIBYTE = 1024 * 1024;
const content = fc.record({ sizeBytes: fc.nat({ max: 100 * MEBIBYTE }), files: fc.nat({ max: 100_000 }) });

describe('judgeCollapse', () => {
  it('has nothing to say of the first backup', () => {
    expect(judgeCollapse(undefined, { sizeBytes: 0, files: 0 })).toEqual({ collapsed: false });
  });

  it.each([
    ['less than half of the bytes', { sizeBytes: 10 * MEBIBYTE, files: 5 }, { sizeBytes: 5 * MEBIBYTE - 1, files: 5 }],
    ['less than half of the files', { sizeBytes: 100, files: 1000 }, { sizeBytes: 100, files: 499 }],
    ['nothing', { sizeBytes: 10 * MEBIBYTE, files: 1000 }, { sizeBytes: 0, files: 0 }],
  ])('sees a collapse where %s are left', (_, before, after) => {
    const verdict = judgeCollapse(before, after);
    expect(verdict).toMatchObject({ collapsed: true });
    expect(verdict).toHaveProperty('message', expect.stringContaining(`${before.files} files to`));
  });

  it.each([
    ['half is left', { sizeBytes: 10 * MEBIBYTE, files: 1000 }, { sizeBytes: 5 * MEBIBYTE, files: 500 }],
    ['it grew', { sizeBytes: 10 * MEBIBYTE, files: 10 }, { sizeBytes: 20 * MEBIBYTE, files: 11 }],
    ['it was tiny', { sizeBytes: MEBIBYTE - 1, files: 9 }, { sizeBytes: 0, files: 0 }],
  ])('sees none where %s', (_, before, after) => {
    expect(judgeCollapse(before, after)).toEqual({ collapsed: false });
  });

  it('a volume that loses all of a content worth judging has collapsed', () => {
    fc.assert(
      fc.property(content, (before) => {
        fc.pre(before.sizeBytes >= MEBIBYTE || before.files >= 10);
        expect(judgeCollapse(before, { sizeBytes: 0, files: 0 }).collapsed).toBe(true);
      }),
    );
  });

  it('more content never makes a collapse of none', () => {
    fc.assert(
      fc.property(content, content, fc.nat(), fc.nat(), (before, after, bytes, files) => {
        fc.pre(!judgeCollapse(before, after).collapsed);
        const more = { sizeBytes: after.sizeBytes + bytes, files: after.files + files };
        expect(judgeCollapse(before, more).collapsed).toBe(false);
      }),
    );
  });
});
