import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../api/backup-policy.ts';
import { cronSchedule, dueTimes } from './schedule.ts';

const hourly: Schedule = { every: 'Hour', windowStartHour: 0, windowHours: 6 };

const schedule: fc.Arbitrary<Schedule> = fc.record({
  every: fc.constantFrom('Hour', 'Day', 'Week'),
  windowStartHour: fc.nat({ max: 23 }),
  windowHours: fc.integer({ min: 1, max: 24 }),
});
const name = fc.stringMatching(/^[a-z]{1,10}$/);

/** How many of 10,000 claims start in each slot that `slotOf` names. */
function counted(plan: Schedule, slotOf: (cron: string) => string): number[] {
  const counts = new Map<string, number>();
  for (let claim = 0; claim < 10_000; claim += 1) {
    const slot = slotOf(cronSchedule(plan, `ns-${claim % 100}`, `data-${claim}`));
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('cronSchedule', () => {
  it('is a cron expression whose runs are as far apart as the policy says', () => {
    const hours = { Hour: 1, Day: 24, Week: 168 };
    fc.assert(
      fc.property(schedule, name, name, (plan, namespace, claim) => {
        const cron = new Cron(cronSchedule(plan, namespace, claim), { timezone: 'UTC', paused: true });
        const [first, second] = cron.nextRuns(2, new Date('2026-01-01T00:00:00Z'));
        expect((second?.getTime() ?? 0) - (first?.getTime() ?? 0)).toBe(hours[plan.every] * 3_600_000);
      }),
      { numRuns: 200 },
    );
  });

  it('starts inside the window, also where that goes past midnight', () => {
    fc.assert(
      fc.property(schedule, name, name, (plan, namespace, claim) => {
        fc.pre(plan.every !== 'Hour');
        const [minute = 0, hour = 0] = cronSchedule(plan, namespace, claim).split(' ').map(Number);
        const sinceOpening = ((hour - plan.windowStartHour + 24) % 24) * 60 + minute;
        expect(sinceOpening).toBeLessThan(plan.windowHours * 60);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for a claim wherever it is asked for', () => {
    expect(cronSchedule(hourly, 'shop', 'data')).toBe(cronSchedule({ ...hourly }, 'shop', 'data'));
  });

  it('spreads 10,000 claims over the hour: the peak minute is at most 1.5 times the mean', () => {
    const counts = counted(hourly, (cron) => cron.split(' ')[0] ?? '');
    expect(counts).toHaveLength(60);
    expect(Math.max(...counts)).toBeLessThanOrEqual((1.5 * 10_000) / 60);
  });

  it('spreads them over the days of the week and over the hours of the window', () => {
    const weekly: Schedule = { every: 'Week', windowStartHour: 22, windowHours: 4 };
    const counts = counted(weekly, (cron) => cron.split(' ').slice(1).join(' '));
    expect(counts).toHaveLength(7 * 4);
    expect(Math.max(...counts)).toBeLessThanOrEqual((1.5 * 10_000) / 28);
  });
});

describe('dueTimes', () => {
  it('are the times of the cron expression', () => {
    const moment = fc.date({
      min: new Date('2026-01-01T00:00:00Z'),
      max: new Date('2028-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(schedule, name, name, moment, (plan, namespace, claim, now) => {
        const due = dueTimes(plan, { namespace, name: claim }, now.getTime());
        const cron = new Cron(cronSchedule(plan, namespace, claim), { timezone: 'UTC', paused: true });
        expect(cron.nextRun(now)?.getTime()).toBe(due.nextMilliseconds);
        expect(cron.nextRun(new Date(due.lastMilliseconds - 1))?.getTime()).toBe(due.lastMilliseconds);
        expect(due.lastMilliseconds).toBeLessThanOrEqual(now.getTime());
      }),
      { numRuns: 300 },
    );
  });
});
