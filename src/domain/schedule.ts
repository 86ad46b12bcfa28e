import { createHash } from 'node:crypto';
import type { Schedule } from '../api/backup-policy.ts';
import { claimKey } from './claim.ts';
import { cronTimes, type CronTimes, type DueTimes, isTimeZone, longestGapSeconds } from './cron-times.ts';

export type { DueTimes } from './cron-times.ts';

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;
const DAYS_PER_WEEK = 7;
const MINUTE_MILLISECONDS = 60_000;
/** 1970 began on a Thursday; weeks of cron begin on Sunday. */
const FIRST_WEEKDAY = 4;
/** Its times of the day are those of winter in the north: an hour more or less is no matter. */
const ANY_MONDAY_MILLISECONDS = Date.parse('2024-01-08T00:00:00Z');

/** A number that is the same for a claim wherever and whenever it is asked for, spread evenly over 0 to 2^48 - 1. */
function spreadNumber(namespace: string, claimName: string): number {
  return createHash('sha256').update(claimKey(namespace, claimName)).digest().readUIntBE(0, 6);
}

const UTC = 'UTC';

type Every = NonNullable<Schedule['every']>;

/** A schedule as it is carried out. */
type Plan =
  | { readonly kind: 'cron'; readonly times: CronTimes; readonly intervalSeconds: number }
  | { readonly kind: 'spread'; readonly every: Every; readonly timeZone: string };

interface ReadSchedule {
  readonly plan: Plan;
  /** What of it can't be carried out as it stands, a sentence. */
  readonly problem?: string | undefined;
}

function read({ every = 'Day', cron, timeZone: asked = UTC }: Schedule): ReadSchedule {
  const isKnown = asked === UTC || isTimeZone(asked);
  const timeZone = isKnown ? asked : UTC;
  const ofZone = isKnown ? {} : { problem: `Time zone ${JSON.stringify(asked)} is not known: times are in UTC.` };
  if (cron === undefined) return { plan: { kind: 'spread', every, timeZone }, ...ofZone };
  const times = cronTimes(cron, timeZone);
  if (times !== undefined) {
    return { plan: { kind: 'cron', times, intervalSeconds: longestGapSeconds(times) }, ...ofZone };
  }
  const problem = `${JSON.stringify(cron)} is no cron expression, or none of its times ever comes: claims are backed up once a day.`;
  return { plan: { kind: 'spread', every: 'Day', timeZone }, problem };
}

/** A tier's schedule is one object for as long as nothing of the tier changes. */
const readBefore = new WeakMap<Schedule, ReadSchedule>();

function readSchedule(schedule: Schedule): ReadSchedule {
  const known = readBefore.get(schedule) ?? read(schedule);
  readBefore.set(schedule, known);
  return known;
}

/**
 * What of a schedule can't be carried out as it stands, a sentence; undefined where all can. Claims are backed up all the same, and not
 * less often than daily.
 */
export const scheduleProblem = (schedule: Schedule): string | undefined => readSchedule(schedule).problem;

/** When in its hour, day or week (of cron, from Sunday on) a claim is backed up. In the schedule's time zone. */
interface Slot {
  readonly weekday: number;
  readonly minuteOfDay: number;
}

interface Window extends Pick<Schedule, 'windowStartHour' | 'windowHours'> {
  readonly every: Every;
}

function slotOf(schedule: Window, namespace: string, claimName: string): Slot {
  const number = spreadNumber(namespace, claimName);
  const offset = number % (schedule.windowHours * MINUTES_PER_HOUR);
  return {
    weekday: Math.floor(number / MINUTES_PER_DAY) % DAYS_PER_WEEK,
    minuteOfDay:
      schedule.every === 'Hour'
        ? number % MINUTES_PER_HOUR
        : (schedule.windowStartHour * MINUTES_PER_HOUR + offset) % MINUTES_PER_DAY,
  };
}

/** The cron expression (five fields) of a slot. */
function slotExpression(window: Window, namespace: string, claimName: string): string {
  const { weekday, minuteOfDay } = slotOf(window, namespace, claimName);
  const minute = minuteOfDay % MINUTES_PER_HOUR;
  if (window.every === 'Hour') return `${minute} * * * *`;
  const hour = Math.floor(minuteOfDay / MINUTES_PER_HOUR);
  return `${minute} ${hour} * * ${window.every === 'Week' ? weekday : '*'}`;
}

const zoned = (expression: string, timeZone: string): string =>
  timeZone === UTC ? expression : `CRON_TZ=${timeZone} ${expression}`;

/**
 * The cron expression of one claim's backups: five fields, with their time zone before them where that is not UTC, as robfig/cron reads it
 * (v3, parser.go). Start times of all claims are spread evenly over the hour, or over the policy's window, so that no minute
 * sees a herd; a tier's own cron expression is taken as it is.
 */
export function cronSchedule(schedule: Schedule, namespace: string, claimName: string): string {
  const { plan } = readSchedule(schedule);
  if (plan.kind === 'cron') return zoned(plan.times.expression, plan.times.timeZone);
  const expression = slotExpression({ ...schedule, every: plan.every }, namespace, claimName);
  return zoned(expression, plan.every === 'Hour' ? UTC : plan.timeZone);
}

/**
 * The minute of the day (UTC) at which a claim's repository is maintained: half way between two of its backups. Where these are
 * hourly, the hours are spread over the day; where they come by a cron expression, the minutes are.
 */
export function maintenanceMinuteOfDay(schedule: Schedule, namespace: string, claimName: string): number {
  const { plan } = readSchedule(schedule);
  const number = spreadNumber(namespace, claimName);
  if (plan.kind === 'cron') return number % MINUTES_PER_DAY;
  if (plan.every !== 'Hour') {
    const { lastMilliseconds } = dueTimes(schedule, { namespace, name: claimName }, ANY_MONDAY_MILLISECONDS);
    return Math.floor(lastMilliseconds / MINUTE_MILLISECONDS + MINUTES_PER_DAY / 2) % MINUTES_PER_DAY;
  }
  const hour = Math.floor(number / MINUTES_PER_HOUR) % (MINUTES_PER_DAY / MINUTES_PER_HOUR);
  return hour * MINUTES_PER_HOUR + ((number + MINUTES_PER_HOUR / 2) % MINUTES_PER_HOUR);
}

const intervals: Readonly<Record<Every, number>> = { Hour: 3_600, Day: 86_400, Week: 604_800 };

/** The longest time between two backups of a tier, in seconds. */
export function intervalSeconds(schedule: Schedule): number {
  const { plan } = readSchedule(schedule);
  return plan.kind === 'cron' ? plan.intervalSeconds : intervals[plan.every];
}

/** When a claim's backups are due: the very times of its {@link cronSchedule}. */
export function dueTimes(
  schedule: Schedule,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  nowMilliseconds: number,
): DueTimes {
  const { plan } = readSchedule(schedule);
  if (plan.kind === 'cron') return plan.times.around(nowMilliseconds);
  const window = { ...schedule, every: plan.every };
  const isShifted = plan.timeZone !== UTC && plan.every !== 'Hour';
  const times = isShifted ? cronTimes(slotExpression(window, namespace, name), plan.timeZone) : undefined;
  return times?.around(nowMilliseconds) ?? slotAround(slotOf(window, namespace, name), plan.every, nowMilliseconds);
}

function slotAround({ weekday, minuteOfDay }: Slot, every: Every, nowMilliseconds: number): DueTimes {
  const days = every === 'Week' ? (weekday - FIRST_WEEKDAY + DAYS_PER_WEEK) % DAYS_PER_WEEK : 0;
  const offset = (days * MINUTES_PER_DAY + minuteOfDay) * MINUTE_MILLISECONDS;
  const interval = intervals[every] * 1000;
  const lastMilliseconds = Math.floor((nowMilliseconds - offset) / interval) * interval + offset;
  return { lastMilliseconds, nextMilliseconds: lastMilliseconds + interval };
}
