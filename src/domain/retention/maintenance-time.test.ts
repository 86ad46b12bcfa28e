import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MaintenanceTimes, untilMaintenanceMilliseconds } from './maintenance-time.ts';
import { Cron } from 'croner';
import { cronSchedule } from '../schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const since = Date.parse('2026-03-01T12:00:00Z');
const schedule = { every: 'Hour', windowStartHour: 0, windowHours: 6 } as const;

const until = (changes: Partial<MaintenanceTimes>) =>
  untilMaintenanceMilliseconds({
    schedule,
    namespace: 'shop',
    claim: 'data',
    sinceMilliseconds: since,
    lastFailure: undefined,
    asked: undefined,
    carriedOut: undefined,
    nowMilliseconds: since,
    ...changes,
  });

describe('when a repository is maintained', () => {
  const plans = fc.record({
    every: fc.constantFrom('Hour', 'Day', 'Week'),
    windowStartHour: fc.nat({ max: 23 }),
    windowHours: fc.integer({ min: 1, max: 24 }),
  });

  it('is once a day at most, and within two', () => {
    fc.assert(
      fc.property(plans, fc.nat(), fc.nat({ max: 1000 }), (plan, minutes, claim) => {
        const sinceMilliseconds = since + minutes * MINUTE;
        const wait = until({
          schedule: plan,
          claim: `data-${claim}`,
          sinceMilliseconds,
          nowMilliseconds: sinceMilliseconds,
        });
        expect(wait).toBeGreaterThanOrEqual(20 * HOUR);
        expect(wait).toBeLessThan(44 * HOUR);
      }),
    );
  });

  it('is at least half an hour from any backup', () => {
    fc.assert(
      fc.property(plans, fc.nat({ max: 1000 }), (plan, claim) => {
        const at = since + until({ schedule: plan, claim: `data-${claim}` });
        const cron = new Cron(cronSchedule(plan, 'shop', `data-${claim}`), { timezone: 'UTC', paused: true });
        const next = cron.nextRun(new Date(at))?.getTime() ?? 0;
        const [last] = cron.previousRuns(1, new Date(at));
        expect(next - at).toBeGreaterThanOrEqual(30 * MINUTE);
        expect(at - (last?.getTime() ?? 0)).toBeGreaterThanOrEqual(30 * MINUTE);
      }),
    );
  });

  it('is spread over all hours of the day', () => {
    const hours = Array.from({ length: 500 }, (_, claim) =>
      new Date(since + until({ claim: `data-${claim}` })).getUTCHours(),
    );
    expect(new Set(hours).size).toBe(24);
  });

  it.each([
    [1, 1],
    [2, 2],
    [4, 8],
    [20, 7 * 24],
  ])('is after %d failures in a row tried again %d hours after the last', (times, hours) => {
    const lastFailure = { time: new Date(since).toISOString(), times };
    expect(until({ lastFailure })).toBe(hours * HOUR);
  });

  it('is now where the user asks for it, once', () => {
    const lastFailure = { time: new Date(since).toISOString(), times: 9 };
    expect(until({ lastFailure, asked: 'b', carriedOut: 'a' })).toBe(0);
    expect(until({ lastFailure, asked: 'a', carriedOut: 'a' })).toBeGreaterThan(0);
  });
});
