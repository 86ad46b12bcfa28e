import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Retention } from '../../api/backup-policy.ts';
import { type DatedSnapshot, keptByRules } from './keep-rules.ts';

const at = (time: string): number => Date.parse(time);
const snapshot = (id: string, time: string): DatedSnapshot => ({ id, timeMilliseconds: at(time) });
const keptIds = (snapshots: readonly DatedSnapshot[], retention: Retention): string[] =>
  [...keptByRules(snapshots, retention).keys()].sort();

describe('which snapshots the rules of a tier keep', () => {
  it('keeps the newest ones whatever their age', () => {
    const snapshots = [
      snapshot('a', '2020-01-01T00:00:00Z'),
      snapshot('b', '2024-01-01T00:00:00Z'),
      snapshot('c', '2021-01-01T00:00:00Z'),
    ];
    expect(keptIds(snapshots, { last: 2 })).toEqual(['b', 'c']);
  });

  it('keeps the newest of each hour, and counts only hours that have one', () => {
    const snapshots = [
      snapshot('early', '2026-03-01T10:05:00Z'),
      snapshot('late', '2026-03-01T10:55:00Z'),
      snapshot('much-earlier', '2026-02-01T10:00:00Z'),
      snapshot('newest', '2026-03-01T12:00:00Z'),
    ];
    expect(keptIds(snapshots, { last: 1, hourly: 3 })).toEqual(['late', 'much-earlier', 'newest']);
  });

  it('lets a week begin on Monday, and a year at midnight UTC', () => {
    const sunday = snapshot('sunday', '2026-03-01T23:59:59Z');
    const monday = snapshot('monday', '2026-03-02T00:00:00Z');
    expect(keptIds([sunday, monday], { last: 1, weekly: 2 })).toEqual(['monday', 'sunday']);
    const saturday = snapshot('saturday', '2026-02-28T12:00:00Z');
    expect(keptIds([saturday, sunday], { last: 1, weekly: 2 })).toEqual(['sunday']);
    const silvester = snapshot('silvester', '2025-12-31T23:59:59Z');
    expect(keptIds([silvester, saturday], { last: 1, yearly: 2 })).toEqual(['saturday', 'silvester']);
  });

  it('names every rule that keeps a snapshot', () => {
    const reasons = keptByRules([snapshot('a', '2026-03-01T10:00:00Z')], { last: 3, daily: 7, monthly: 12 });
    expect(reasons.get('a')).toEqual(['last 3', 'daily 7', 'monthly 12']);
  });
});

const lengths = { hourly: 13, daily: 10, monthly: 7, yearly: 4 } as const;

/** restic's own way (internal/restic/snapshot_policy.go, 0.18): one walk from the newest to the oldest, all rules at once. */
function keptByOneWalk(snapshots: readonly DatedSnapshot[], retention: Omit<Retention, 'weekly'>): string[] {
  const sorted = snapshots.toSorted(
    (one, other) => other.timeMilliseconds - one.timeMilliseconds || (one.id < other.id ? -1 : 1),
  );
  let last = retention.last;
  const left = new Map(Object.keys(lengths).map((name) => [name, 0]));
  for (const name of ['hourly', 'daily', 'monthly', 'yearly'] as const) left.set(name, retention[name] ?? 0);
  const before = new Map<string, string>();
  const kept: string[] = [];
  for (const { id, timeMilliseconds } of sorted) {
    let isKept = last > 0;
    last -= 1;
    for (const [name, length] of Object.entries(lengths)) {
      const period = new Date(timeMilliseconds).toISOString().slice(0, length);
      const count = left.get(name) ?? 0;
      if (count === 0 || before.get(name) === period) continue;
      before.set(name, period);
      left.set(name, count - 1);
      isKept = true;
    }
    if (isKept) kept.push(id);
  }
  return kept.sort();
}

describe('the rules over random histories', () => {
  const history = fc
    .array(fc.integer({ min: at('2015-01-01T00:00:00Z'), max: at('2042-01-01T00:00:00Z') }), { maxLength: 80 })
    .chain((times) =>
      // Clusters of snapshots, some minutes apart, beside lonely ones.
      fc.array(fc.tuple(fc.constantFrom(0, ...times), fc.integer({ min: 0, max: 72 * 60 })), { maxLength: 120 }),
    )
    .map((pairs) =>
      pairs.map(([base, minutes], index) => ({ id: `s${index}`, timeMilliseconds: base + minutes * 60_000 })),
    );
  const count = fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined });
  const rules = fc.record({
    last: fc.integer({ min: 1, max: 20 }),
    hourly: count,
    daily: count,
    monthly: count,
    yearly: count,
  });

  it('keep what one walk over all snapshots keeps', () => {
    fc.assert(
      fc.property(history, rules, (snapshots, retention) => {
        expect(keptIds(snapshots, retention)).toEqual(keptByOneWalk(snapshots, retention));
      }),
    );
  });

  it('keep the same ones again when only these are left', () => {
    fc.assert(
      fc.property(history, rules, (snapshots, retention) => {
        const kept = keptByRules(snapshots, retention);
        const left = snapshots.filter(({ id }) => kept.has(id));
        expect(keptIds(left, retention)).toEqual([...kept.keys()].sort());
      }),
    );
  });
});
