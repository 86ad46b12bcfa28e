import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeCollapse, largestOf, type VolumeContent } from './collapse.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const content = fc.record({ sizeBytes: fc.nat({ max: 100 * MEBIBYTE }), files: fc.nat({ max: 100_000 }) });
const contents = fc.array(content, { maxLength: 5 });

describe('judgeCollapse', () => {
  it('has nothing to say of the first backup', () => {
    expect(judgeCollapse([], { sizeBytes: 0, files: 0 })).toEqual({ collapsed: false });
  });

  it.each<[string, VolumeContent, VolumeContent]>([
    ['less than half of the bytes', { sizeBytes: 10 * MEBIBYTE, files: 5 }, { sizeBytes: 5 * MEBIBYTE - 1, files: 5 }],
    ['less than half of the files', { sizeBytes: 100, files: 1000 }, { sizeBytes: 100, files: 499 }],
    ['nothing', { sizeBytes: 10 * MEBIBYTE, files: 1000 }, { sizeBytes: 0, files: 0 }],
    ['one of nine files', { sizeBytes: 900_000, files: 9 }, { sizeBytes: 100_000, files: 1 }],
    ['two of nine files', { sizeBytes: 900_000, files: 9 }, { sizeBytes: 900_000, files: 2 }],
    ['no file where there was one', { sizeBytes: 100, files: 1 }, { sizeBytes: 0, files: 0 }],
    ['an empty file where it was full', { sizeBytes: 900 * KIBIBYTE, files: 1 }, { sizeBytes: 0, files: 1 }],
    ['a tenth of a small database', { sizeBytes: 64 * KIBIBYTE, files: 1 }, { sizeBytes: 6 * KIBIBYTE, files: 1 }],
  ])('sees a collapse where %s is left', (_, before, after) => {
    const verdict = judgeCollapse([before], after);
    expect(verdict).toMatchObject({ collapsed: true, yardstick: before });
    expect(verdict).toHaveProperty('message', expect.stringContaining(`${before.files} files to`));
  });

  it.each<[string, VolumeContent, VolumeContent]>([
    ['half is left', { sizeBytes: 10 * MEBIBYTE, files: 1000 }, { sizeBytes: 5 * MEBIBYTE, files: 500 }],
    ['it grew', { sizeBytes: 10 * MEBIBYTE, files: 10 }, { sizeBytes: 20 * MEBIBYTE, files: 11 }],
    ['one of two files went', { sizeBytes: 100, files: 2 }, { sizeBytes: 50, files: 1 }],
    ['one of four files is left', { sizeBytes: 100, files: 4 }, { sizeBytes: 50, files: 1 }],
    ['two of eight files are left', { sizeBytes: 100, files: 8 }, { sizeBytes: 50, files: 2 }],
    ['a few blocks were freed', { sizeBytes: 60 * KIBIBYTE, files: 1 }, { sizeBytes: 4 * KIBIBYTE, files: 1 }],
    ['a small log was rotated', { sizeBytes: 500 * KIBIBYTE, files: 2 }, { sizeBytes: 60 * KIBIBYTE, files: 2 }],
  ])('sees none where %s', (_, before, after) => {
    expect(judgeCollapse([before], after)).toEqual({ collapsed: false });
  });

  it('a volume that loses all its files has collapsed, however small it was', () => {
    fc.assert(
      fc.property(content, (before) => {
        fc.pre(before.files > 0);
        expect(judgeCollapse([before], { sizeBytes: 0, files: 0 }).collapsed).toBe(true);
      }),
    );
  });

  it('more content never makes a collapse of none, and a further yardstick never makes none of a collapse', () => {
    fc.assert(
      fc.property(contents, content, content, (yardsticks, after, other) => {
        const more = { sizeBytes: after.sizeBytes + other.sizeBytes, files: after.files + other.files };
        const verdict = judgeCollapse(yardsticks, after);
        if (!verdict.collapsed) expect(judgeCollapse(yardsticks, more).collapsed).toBe(false);
        else expect(judgeCollapse([...yardsticks, other], after).collapsed).toBe(true);
      }),
    );
  });

  it('what is a collapse against any of several is one against the largest of them', () => {
    fc.assert(
      fc.property(contents, content, (yardsticks, after) => {
        // Small ones are judged more gently than what is a little larger.
        const ordinary = yardsticks.filter((one) => one.files >= 10 && one.sizeBytes >= MEBIBYTE);
        const verdict = judgeCollapse(ordinary, after);
        expect(judgeCollapse(largestOf(ordinary), after).collapsed).toBe(verdict.collapsed);
      }),
    );
  });
});
