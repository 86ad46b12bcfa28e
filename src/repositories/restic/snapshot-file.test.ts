import { describe, expect, it } from 'vitest';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };
import { byTime, parseSnapshot, takenBefore } from './snapshot-file.ts';
import type { Snapshot } from './snapshot.ts';

const id = 'a1'.repeat(32);
const json = fixture.repositories[0]?.snapshotJson ?? expect.unreachable();

describe('parseSnapshot', () => {
  it('reads what restic 0.18 writes', () => {
    expect(parseSnapshot(id, json)).toEqual({
      id,
      shortId: 'a1a1a1a1',
      time: '2025-03-04T05:06:07Z',
      timeMilliseconds: Date.UTC(2025, 2, 4, 5, 6, 7),
      treeId: json.tree,
      hostname: 'volsync',
      paths: ['/data'],
      tags: ['one', 'two'],
      summary: { files: 2, directories: 2, sizeBytes: 11 },
    });
  });

  it('reads what old versions write: no summary, no tags, an offset, nanoseconds', () => {
    const old = { time: '2015-01-02T18:10:50.895208559+01:00', tree: json.tree, paths: null };
    const snapshot = parseSnapshot(id, old);
    expect(snapshot).toMatchObject({ time: old.time, hostname: '', paths: [], tags: [] });
    expect(snapshot?.timeMilliseconds).toBe(Date.UTC(2015, 0, 2, 17, 10, 50, 895));
    expect(snapshot).not.toHaveProperty('summary');
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no time', { tree: json.tree }],
    ['an odd time', { ...json, time: 'yesterday' }],
    ['no tree', { ...json, tree: null }],
    ['negative counts', { ...json, summary: { ...json.summary, total_files_processed: -1 } }],
  ])('refuses %s', (_, value) => {
    expect(parseSnapshot(id, value)).toBeUndefined();
  });
});

describe('byTime', () => {
  const at = (time: string, name: string): Snapshot => {
    const snapshot = parseSnapshot(name, { ...json, time });
    return snapshot ?? expect.unreachable();
  };

  it('orders by instant, to the nanosecond, then by id', () => {
    const ordered = [
      at('2026-01-01T00:00:00Z', 'f'),
      at('2026-01-01T02:00:00.1+01:00', 'e'),
      at('2026-01-01T01:00:00.100000001Z', 'd'),
      at('2026-01-01T01:00:00.100000002Z', 'b'),
      at('2026-01-01T01:00:00.100000002Z', 'c'),
    ];
    expect([...ordered].reverse().sort(byTime)).toEqual(ordered);
  });
});

describe('takenBefore', () => {
  const snapshot = parseSnapshot(id, { ...json, time: '2030-01-02T12:00:00+02:00' }) ?? expect.unreachable();
  const own = Date.UTC(2030, 0, 2, 10);

  it.each([
    ['believes a snapshot that the store got later, as a copied store did', own + 86_400_000, own],
    ['believes one whose clock was ahead by no more than clocks may differ', own - 15 * 60_000, own],
    ['believes the store where the clock was ahead', own - 12 * 3_600_000, own - 12 * 3_600_000],
    ['believes a snapshot where the store tells no time', Number.NaN, own],
    ['believes a snapshot that the store does not list', undefined, own],
  ])('%s', (_, stored, time) => {
    expect(takenBefore(snapshot, stored)).toEqual({ ...snapshot, timeMilliseconds: time });
  });
});
