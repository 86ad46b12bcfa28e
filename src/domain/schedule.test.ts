import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../api/backup-policy.ts';
import { cronSchedule, dueTimes, intervalSeconds, maintenanceMinuteOfDay, scheduleProblem } from './schedule.ts';

const hourly: Schedule = { every: 'Hour', windowStartHour: 0, windowHours: 6 };

const schedule = fc.record({
  every: fc.constantFrom('Hour' as const, 'Day' as const, 'Week' as const),
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

const byCron = (cron: string, timeZone?: string): Schedule => ({ cron, timeZone, windowStartHour: 0, windowHours: 6 });
const shop = { namespace: 'shop', name: 'data' };
const at = (time: string): number => Date.parse(time);

describe('a tier with a cron expression', () => {
  it('has its claims backed up at just these times, in its time zone, also where clocks are set', () => {
    const nightly = byCron('30 2 * * *', 'Europe/Berlin');
    const times = (now: string) => {
      const { lastMilliseconds, nextMilliseconds } = dueTimes(nightly, shop, at(now));
      return [lastMilliseconds, nextMilliseconds].map((time) => new Date(time).toISOString());
    };
    expect(times('2026-01-10T01:29:59Z')).toEqual(['2026-01-09T01:30:00.000Z', '2026-01-10T01:30:00.000Z']);
    expect(times('2026-01-10T01:30:00Z')).toEqual(['2026-01-10T01:30:00.000Z', '2026-01-11T01:30:00.000Z']);
    // 02:30 does not exist on the 29th of March, and comes twice on the 25th of October.
    expect(times('2026-03-29T12:00:00Z')).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
    expect(times('2026-10-25T12:00:00Z')).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it('counts as overdue by the longest time between two of them', () => {
    const hours = (plan: Schedule) => intervalSeconds(plan) / 3_600;
    expect(hours(byCron('0 3 * * 1-5'))).toBe(72);
    expect(hours(byCron('*/15 * * * *'))).toBe(0.25);
    expect(hours(byCron('@weekly'))).toBe(168);
    expect(hours(byCron('0 0 1 * *'))).toBe(31 * 24);
    expect(hours(byCron('0 8-18 * * *'))).toBe(14);
  });

  it('is told to VolSync with its time zone', () => {
    expect(cronSchedule(byCron('0 3 * * 1-5'), 'shop', 'data')).toBe('0 3 * * 1-5');
    expect(cronSchedule(byCron('0 3 * * 1-5', 'Asia/Tokyo'), 'shop', 'data')).toBe('CRON_TZ=Asia/Tokyo 0 3 * * 1-5');
  });

  it('has claims backed up daily where nobody understands it, or it never comes, and says so', () => {
    for (const cron of ['99 * * * *', '0 0 31 2 *', 'a b c d e']) {
      expect(scheduleProblem(byCron(cron))).toContain(
        `"${cron}" is no cron expression, or none of its times ever comes`,
      );
      expect(intervalSeconds(byCron(cron))).toBe(86_400);
      const { lastMilliseconds, nextMilliseconds } = dueTimes(byCron(cron), shop, at('2026-01-10T00:00:00Z'));
      expect(nextMilliseconds - lastMilliseconds).toBe(86_400_000);
    }
    expect(scheduleProblem(byCron('0 3 * * *'))).toBeUndefined();
  });

  it('never has a last time that is to come, nor a next one that has come', () => {
    const expression = fc.constantFrom('*/7 * * * *', '0 3 * * 1-5', '15 1 29 2 *', '@monthly', '0 12 1,15 * *');
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2029-01-01T00:00:00Z') });
    fc.assert(
      fc.property(expression, zone, moment, (cron, timeZone, now) => {
        const due = dueTimes(byCron(cron, timeZone), shop, now);
        expect(due.lastMilliseconds).toBeLessThanOrEqual(now);
        expect(due.nextMilliseconds).toBeGreaterThan(now);
        expect(dueTimes(byCron(cron, timeZone), shop, due.nextMilliseconds).lastMilliseconds).toBe(
          due.nextMilliseconds,
        );
      }),
    );
  });
});

describe('a window in a time zone', () => {
  const berlin: Schedule = { every: 'Day', timeZone: 'Europe/Berlin', windowStartHour: 1, windowHours: 1 };

  it('opens at that hour there, in summer and in winter', () => {
    for (const [now, hour] of [
      ['2026-01-10T12:00:00Z', 0],
      ['2026-07-10T12:00:00Z', 23],
    ] as const) {
      expect(new Date(dueTimes(berlin, shop, at(now)).lastMilliseconds).getUTCHours()).toBe(hour);
    }
    expect(cronSchedule(berlin, 'shop', 'data')).toMatch(/^CRON_TZ=Europe\/Berlin \d+ 1 \* \* \*$/);
    const maintained = maintenanceMinuteOfDay(berlin, 'shop', 'data');
    expect(Math.floor(maintained / 60)).toBe(12);
  });

  it('is one in UTC where nobody knows the zone, and the tier says so', () => {
    const nowhere = { ...berlin, timeZone: 'Nowhere/City' };
    expect(scheduleProblem(nowhere)).toBe('Time zone "Nowhere/City" is not known: times are in UTC.');
    expect(cronSchedule(nowhere, 'shop', 'data')).toMatch(/^\d+ 1 \* \* \*$/);
  });
});
