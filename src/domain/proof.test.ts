import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proveRestore, type RestoreExpectation, type RestoreReport } from './proof.ts';

const snapshotId = 'ab12cd34'.repeat(8);
const expectation: RestoreExpectation = { snapshotId, sizeBytes: 1000, files: 10 };
const good: RestoreReport = {
  snapshotId: snapshotId.slice(0, 8),
  foundNothing: false,
  entries: 12,
  entriesPlanned: 12,
  sizeBytes: 1000,
};

const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
const someId = fc.constantFrom(snapshotId, snapshotId.slice(0, 8), snapshotId.slice(0, 7), 'ffffffff', '');
const report: fc.Arbitrary<RestoreReport> = fc.record({
  snapshotId: maybe(someId),
  foundNothing: fc.boolean(),
  entries: maybe(fc.nat({ max: 20 })),
  entriesPlanned: maybe(fc.nat({ max: 20 })),
  sizeBytes: maybe(fc.nat({ max: 2000 })),
});
const expected: fc.Arbitrary<RestoreExpectation> = fc.record({
  snapshotId: fc.constant(snapshotId),
  sizeBytes: maybe(fc.nat({ max: 2000 })),
  files: maybe(fc.nat({ max: 20 })),
});

describe('proveRestore', () => {
  it('believes a report of the right snapshot with all of its files', () => {
    expect(proveRestore(expectation, good)).toEqual({
      kind: 'proven',
      message: 'snapshot ab12cd34 came back complete: 12 files and directories',
    });
  });

  it.each<[string, Partial<RestoreReport>, string]>([
    ['nothing', { foundNothing: true }, 'found nothing to restore'],
    ['another snapshot', { snapshotId: 'ffffffff' }, 'snapshot ffffffff came back instead of ab12cd34'],
    ['less than it set out to', { entries: 11 }, 'only 11 of 12 files and directories'],
    ['fewer files than the snapshot has', { entries: 9, entriesPlanned: 9 }, '9 of 10 files'],
    ['no bytes of those the snapshot has', { sizeBytes: 0 }, '0 of 1000 bytes'],
  ])('invariant 11: a mover that brings back %s is a mismatch', (_, change, words) => {
    const verdict = proveRestore(expectation, { ...good, ...change });
    expect(verdict.kind).toBe('mismatch');
    expect(verdict.message).toContain(words);
  });

  it.each<[string, Partial<RestoreReport>]>([
    ['which snapshot', { snapshotId: undefined }],
    ['how many files', { entries: undefined }],
  ])('leaves open what a mover did that does not say %s', (_, change) => {
    expect(proveRestore(expectation, { ...good, ...change }).kind).toBe('unproven');
  });

  it('does without numbers that were never recorded', () => {
    expect(proveRestore({ snapshotId }, good).kind).toBe('proven');
  });

  it('believes fewer bytes: files that are one on disk are counted twice in the snapshot', () => {
    expect(proveRestore(expectation, { ...good, sizeBytes: 10 }).kind).toBe('proven');
  });

  it('invariant 11: proves only what names the snapshot by 8 digits or more, left nothing out and lacks no file', () => {
    fc.assert(
      fc.property(expected, report, (wanted, said) => {
        fc.pre(proveRestore(wanted, said).kind === 'proven');
        const { entries = -1, entriesPlanned = entries, sizeBytes } = said;
        expect(said.foundNothing).toBe(false);
        expect(said.snapshotId?.length).toBeGreaterThanOrEqual(8);
        expect(wanted.snapshotId.startsWith(said.snapshotId ?? 'none')).toBe(true);
        expect(entries).toBeGreaterThanOrEqual(Math.max(entriesPlanned, wanted.files ?? 0));
        expect((wanted.sizeBytes ?? 0) > 0 && sizeBytes === 0).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});
