import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HistoryFacts, untouchableSnapshots } from './untouchable-snapshots.ts';

const at = (time: string): number => Date.parse(time);
const snapshot = (letter: string, time: string) => ({ id: letter.repeat(64), timeMilliseconds: at(time) });
const [first, second, third] = [
  snapshot('a', '2026-01-01T00:00:00Z'),
  snapshot('b', '2026-01-02T00:00:00Z'),
  snapshot('c', '2026-01-03T00:00:00Z'),
];

const untouchable = (changes: Partial<HistoryFacts>) => [
  ...untouchableSnapshots({
    snapshots: [first, second, third],
    goodIds: new Set(),
    held: new Map(),
    request: undefined,
    ...changes,
  }).keys(),
];

describe('what no rule may remove', () => {
  it('invariant 4: is the newest that the ledger calls good, however many others came since', () => {
    expect(untouchable({ goodIds: new Set([first.id]) }).sort()).toEqual([first.id, third.id]);
  });

  it('is what somebody holds on to', () => {
    expect(untouchable({ held: new Map([[second.id, 'restored last']]) }).sort()).toEqual([second.id, third.id]);
  });

  it.each([
    ['an id', 'aaaaaaaa', [first.id, third.id]],
    ['a time', '2026-01-02T12:00:00Z', [second.id, third.id]],
    ['latest', 'latest', [third.id]],
    ['too few digits', 'aaaaaaa', [third.id]],
  ])('is what the claim would be restored from, by %s', (_, request, expected) => {
    expect(untouchable({ request }).sort()).toEqual(expected);
  });

  it('invariant 4: always has the newest, and the newest good one, of any history', () => {
    const history = fc.array(fc.tuple(fc.nat({ max: 50 }), fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(history, (runs) => {
        const snapshots = runs.map(([time], index) => ({ id: `s${index}`, timeMilliseconds: time }));
        const good = snapshots.filter((_, index) => runs[index]?.[1]);
        const kept = new Set(untouchable({ snapshots, goodIds: new Set(good.map(({ id }) => id)) }));
        for (const some of [snapshots, good]) {
          const newestTime = Math.max(...some.map(({ timeMilliseconds }) => timeMilliseconds));
          const newest = some.filter(({ timeMilliseconds }) => timeMilliseconds === newestTime);
          expect(newest.length === 0 || newest.some(({ id }) => kept.has(id))).toBe(true);
        }
      }),
    );
  });
});
