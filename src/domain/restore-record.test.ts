import { describe, expect, it } from 'vitest';
import { isWholeRestore, RestoreFindings, restoreMessage, restoreRecord } from './restore-record.ts';

const id = 'a'.repeat(64);
let findings: RestoreFindings;

const recordOf = (change: (found: RestoreFindings) => void) => {
  findings = new RestoreFindings();
  change(findings);
  return findings.record(id, 'unknown');
};

describe('RestoreFindings', () => {
  it('counts what was seen', () => {
    const record = recordOf((found) => {
      found.seen(3);
      found.seen(0);
    });
    expect(record).toMatchObject({ entries: 2, sizeBytes: 3, missing: { count: 0 }, attributesNotRestored: [] });
    expect(isWholeRestore(record)).toBe(true);
  });

  it.each<[string, (found: RestoreFindings) => void]>([
    ['missing', (found) => found.missing('a')],
    ['added', (found) => found.added('a')],
    ['of another size', (found) => found.differs('a', '1 bytes in place of 2')],
  ])('invariant 11: is not whole where one is %s', (_, change) => {
    expect(isWholeRestore(recordOf(change))).toBe(false);
  });

  it('is whole where only attributes are lacking, and names those that most entries lack first', () => {
    const record = recordOf((found) => {
      found.lacksAttribute('a', 'user.k');
      for (const path of ['a', 'b', 'c', 'd']) found.lacksAttribute(path, 'owner');
    });
    expect(isWholeRestore(record)).toBe(true);
    expect(record.attributesNotRestored).toEqual([
      { attribute: 'owner', count: 4, first: ['a', 'b', 'c'] },
      { attribute: 'user.k', count: 1, first: ['a'] },
    ]);
  });

  it('tells how many kinds of attributes it does not name', () => {
    const record = recordOf((found) => {
      for (let n = 0; n < 20; n += 1) found.lacksAttribute('a', `user.${n}`);
    });
    expect(record).toMatchObject({ furtherAttributes: 12 });
    expect(record.attributesNotRestored).toHaveLength(8);
  });
});

describe('restoreMessage', () => {
  it('reads back', () => {
    const record = recordOf((found) => found.missing('a\nb'));
    expect(restoreRecord.parse(JSON.parse(restoreMessage(record)))).toEqual(record);
    expect(record.missing.first).toEqual(['a?b']);
  });

  it('fits into a termination message, whatever the names are', () => {
    const record = recordOf((found) => {
      for (let n = 0; n < 10; n += 1) {
        const name = `${'\\"😀'.repeat(80)}${n}`;
        found.missing(name);
        found.added(name);
        found.differs(name, '1 bytes in place of 2');
        for (let attribute = 0; attribute < 10; attribute += 1)
          found.lacksAttribute(name, `user.${'😀'.repeat(60)}${attribute}`);
      }
    });
    const message = restoreMessage(record);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
    expect(restoreRecord.parse(JSON.parse(message))).toMatchObject({ missing: { count: 10 }, furtherAttributes: 2 });
  });
});
