import { expect, it } from 'vitest';
import { inWords, isEmpty, type LookReport, noteName, nothingFound } from './look-report.ts';

const reportOf = (names: readonly string[]): LookReport => names.reduce(noteName, nothingFound);

it('invariant 12: a volume that holds only what a new one may hold is empty', () => {
  expect(isEmpty(reportOf([]))).toBe(true);
  expect(isEmpty(reportOf(['lost+found', '.snapshot']))).toBe(true);
});

it.each(['notes', '.hidden', 'Lost+Found', 'lost+found2', ' '])(
  'invariant 12: a volume that holds "%s" is not',
  (name) => {
    expect(isEmpty(reportOf(['lost+found', name]))).toBe(false);
  },
);

it('names ten, and says that there are more', () => {
  const names = Array.from({ length: 12 }, (_, index) => `file-${index}`);
  expect(reportOf(names).names).toEqual(names.slice(0, 10));
  expect(inWords(reportOf(names))).toMatch(/^file-0, .*file-9 and more$/);
  expect(inWords(reportOf(['a', 'b']))).toBe('a, b');
});

it('fits a termination message, whatever the names are', () => {
  const names = Array.from({ length: 12 }, () => '\u{1F600}\n"\\'.repeat(60));
  expect(Buffer.byteLength(JSON.stringify(reportOf(names)))).toBeLessThan(4096);
  expect(reportOf(['a\nb\u202Ec']).names).toEqual(['a?b?c']);
});
