import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findAskedSnapshot } from './asked-snapshot.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

const day = (dayOfMonth: number): number => Date.UTC(2026, 0, dayOfMonth);
const snapshotOf = (digits: string, dayOfMonth: number): SnapshotFacts => ({
  id: digits.padEnd(64, '0'),
  timeMilliseconds: day(dayOfMonth),
});

const old = snapshotOf('aaaaaaaa1', 1);
const middle = snapshotOf('aaaaaaaa2', 2);
const newest = snapshotOf('bbbbbbbb', 3);
const snapshots = [old, newest, middle];

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const someSnapshots = fc.uniqueArray(fc.record({ id: hex, timeMilliseconds: fc.nat({ max: 1000 }) }), {
  selector: (one) => one.id,
  minLength: 1,
  maxLength: 8,
});

describe('findAskedSnapshot', () => {
  it('takes the newest, whatever order they come in', () => {
    expect(findAskedSnapshot(snapshots, { kind: 'newest' })).toEqual({ kind: 'found', snapshot: newest });
  });

  it('takes the newest that is not after a time; one of that very time counts', () => {
    const asOf = (timeMilliseconds: number) => findAskedSnapshot(snapshots, { kind: 'asOf', timeMilliseconds });
    expect(asOf(day(2))).toEqual({ kind: 'found', snapshot: middle });
    expect(asOf(day(3) - 1)).toEqual({ kind: 'found', snapshot: middle });
    expect(asOf(day(9))).toEqual({ kind: 'found', snapshot: newest });
  });

  it('says so when none is as old as asked for', () => {
    const choice = findAskedSnapshot(snapshots, { kind: 'asOf', timeMilliseconds: day(1) - 1 });
    expect(choice).toEqual({
      kind: 'noMatch',
      message: 'no snapshot is as old as 2025-12-31T23:59:59.999Z; the newest is of 2026-01-03T00:00:00.000Z',
    });
  });

  it('takes the one that an id means, and only if it means one', () => {
    const byId = (id: string) => findAskedSnapshot(snapshots, { kind: 'snapshot', id });
    expect(byId('bbbbbbbb')).toEqual({ kind: 'found', snapshot: newest });
    expect(byId('aaaaaaaa1')).toEqual({ kind: 'found', snapshot: old });
    expect(byId('aaaaaaaa')).toEqual({ kind: 'noMatch', message: '2 snapshots begin with aaaaaaaa' });
    expect(byId('cccccccc')).toEqual({ kind: 'noMatch', message: 'no snapshot has the id cccccccc' });
  });

  it('invariant 1: a repository without snapshots is no match, not a choice of nothing', () => {
    expect(findAskedSnapshot([], { kind: 'newest' })).toEqual({
      kind: 'noMatch',
      message: 'the repository holds no snapshot',
    });
  });

  it('never takes one that is newer than asked for, and no older one than it must', () => {
    fc.assert(
      fc.property(someSnapshots, fc.nat({ max: 1000 }), (some, timeMilliseconds) => {
        const eligible = some.map((one) => one.timeMilliseconds).filter((time) => time <= timeMilliseconds);
        const choice = findAskedSnapshot(some, { kind: 'asOf', timeMilliseconds });
        if (choice.kind === 'noMatch') expect(eligible).toEqual([]);
        else expect(choice.snapshot.timeMilliseconds).toBe(Math.max(...eligible));
      }),
    );
  });
});
