import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { planRetention, type RetentionFacts } from './plan-retention.ts';

const HOUR = 3_600_000;
const now = Date.parse('2026-03-01T12:00:00Z');
const schedule = { every: 'Hour', windowStartHour: 0, windowHours: 6 } as const;

/** One snapshot an hour, the newest first: `h0` is of now. */
const hourly = (count: number) =>
  Array.from({ length: count }, (_, age) => ({ id: `h${age}`, timeMilliseconds: now - age * HOUR }));

const facts = (changes: Partial<RetentionFacts>): RetentionFacts => ({
  snapshots: hourly(100),
  retention: { last: 3, hourly: 24 },
  schedule,
  nowMilliseconds: now,
  untouchable: new Map(),
  doubtful: new Set(),
  areRulesAcknowledged: true,
  ...changes,
});

describe('what is removed from a repository', () => {
  it('is what no rule keeps, the oldest first', () => {
    const { forget } = planRetention(facts({ snapshots: hourly(54) }));
    expect(forget).toEqual(['h53', 'h52', 'h51']);
  });

  it('invariant 4: is nothing younger than two days and two and a half intervals', () => {
    const { forget, keep } = planRetention(facts({ retention: { last: 1 } }));
    expect(forget.at(-1)).toBe('h51');
    expect(keep.map(({ id }) => id)).toEqual(hourly(51).map(({ id }) => id));
  });

  it('invariant 4: is never what must not be touched, and the reason is named', () => {
    const untouchable = new Map([['h99', 'last good backup']]);
    const { forget, keep } = planRetention(facts({ retention: { last: 1 }, untouchable }));
    expect(forget).not.toContain('h99');
    expect(keep).toContainEqual({ id: 'h99', reasons: ['last good backup'] });
  });

  it('is no whole one in whose place only one is kept that lacks something', () => {
    const snapshots = [
      { id: 'whole', timeMilliseconds: now - 100 * HOUR },
      { id: 'partial', timeMilliseconds: now - 99.5 * HOUR },
    ];
    const { forget } = planRetention(
      facts({ snapshots, retention: { last: 1, daily: 1 }, doubtful: new Set(['partial']) }),
    );
    expect(forget).toEqual([]);
  });

  it('is not more than half of all by rules that nobody has acknowledged', () => {
    const changed = facts({ snapshots: hourly(200), retention: { last: 1 }, areRulesAcknowledged: false });
    const waiting = planRetention(changed);
    expect(waiting).toMatchObject({ forget: [], unacknowledged: 149 });
    expect(waiting.keep).toHaveLength(200);
    expect(planRetention({ ...changed, areRulesAcknowledged: true }).forget).toHaveLength(149);
  });

  it('is as usual by such rules where it is little', () => {
    const { forget } = planRetention(facts({ snapshots: hourly(54), areRulesAcknowledged: false }));
    expect(forget).toHaveLength(3);
  });
});

describe('what is removed, over random histories', () => {
  const times = fc.array(fc.integer({ min: -1_000, max: 200_000 }), { maxLength: 60 });
  const count = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined });
  const retention = fc.record({ last: fc.integer({ min: 1, max: 5 }), hourly: count, daily: count, weekly: count });
  const every = fc.constantFrom('Hour', 'Day', 'Week');

  it('invariants 3 and 4: keeps and forgets everything once, never the newest, never a pinned or a young one', () => {
    fc.assert(
      fc.property(times, retention, every, fc.boolean(), (ages, rules, interval, acknowledged) => {
        const snapshots = ages.map((minutes, index) => ({
          id: `s${index}`,
          timeMilliseconds: now - minutes * 60_000,
        }));
        const untouchable = new Map(snapshots.length === 0 ? [] : [['s0', 'pinned']]);
        const plan = planRetention(
          facts({
            snapshots,
            retention: rules,
            schedule: { ...schedule, every: interval },
            untouchable,
            areRulesAcknowledged: acknowledged,
          }),
        );
        const kept = plan.keep.map(({ id }) => id);
        expect([...kept, ...plan.forget].sort()).toEqual(snapshots.map(({ id }) => id).sort());
        expect(plan.forget).not.toContain('s0');
        const newest = Math.max(...snapshots.map(({ timeMilliseconds }) => timeMilliseconds));
        const forgotten = snapshots.filter(({ id }) => plan.forget.includes(id));
        for (const { timeMilliseconds } of forgotten) {
          expect(timeMilliseconds).toBeLessThan(newest);
          expect(timeMilliseconds).toBeLessThanOrEqual(now - 48 * HOUR);
        }
      }),
    );
  });
});
