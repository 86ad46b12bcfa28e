import { createHash } from 'node:crypto';
import type { Schedule } from '../api/backup-policy.ts';
import { claimKey } from './claim.ts';

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;
const DAYS_PER_WEEK = 7;
const MINUTE_MILLISECONDS = 60_000;
/** 1970 began on a Thursday; weeks of cron begin on Sunday. */
const FIRST_WEEKDAY = 4;

/** A number that is the same for a claim wherever and whenever it is asked for, spread evenly over 0 to 2^48 - 1. */
function spreadNumber(namespace: string, claimName: string): number {
  return createHash('sha256').update(claimKey(namespace, claimName)).digest().readUIntBE(0, 6);
}

/** When in its hour, day or week (of cron, from Sunday on) a claim is backed up. UTC. */
interface Slot {
  readonly weekday: number;
  readonly minuteOfDay: number;
}

function slotOf(schedule: Schedule, namespace: string, claimName: string): Slot {
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

/**
 * The cron expression (five fields, UTC) of one claim's backups. Start times of all claims are spread evenly over the
 * hour, or over the policy's window, so that no minute sees a herd.
 */
export function cronSchedule(schedule: Schedule, namespace: string, claimName: string): string {
  const { weekday, minuteOfDay } = slotOf(schedule, namespace, claimName);
  const minute = minuteOfDay % MINUTES_PER_HOUR;
  if (schedule.every === 'Hour') return `${minute} * * * *`;
  const hour = Math.floor(minuteOfDay / MINUTES_PER_HOUR);
  return `${minute} ${hour} * * ${schedule.every === 'Week' ? weekday : '*'}`;
}

/**
 * The minute of the day (UTC) at which a claim's repository is maintained: half way between two of its backups. Where these are
 * hourly, the hours are spread over the day.
 */
export function maintenanceMinuteOfDay(schedule: Schedule, namespace: string, claimName: string): number {
  const number = spreadNumber(namespace, claimName);
  const { minuteOfDay } = slotOf(schedule, namespace, claimName);
  if (schedule.every !== 'Hour') return (minuteOfDay + MINUTES_PER_DAY / 2) % MINUTES_PER_DAY;
  const hour = Math.floor(number / MINUTES_PER_HOUR) % (MINUTES_PER_DAY / MINUTES_PER_HOUR);
  return hour * MINUTES_PER_HOUR + ((number + MINUTES_PER_HOUR / 2) % MINUTES_PER_HOUR);
}

const intervals: Readonly<Record<Schedule['every'], number>> = { Hour: 3_600, Day: 86_400, Week: 604_800 };

/** Seconds between two backups of a tier. */
export const intervalSeconds = ({ every }: Schedule): number => intervals[every];

/** Two neighbouring times of a schedule, in milliseconds since 1970. */
export interface DueTimes {
  /** The newest that has come. */
  readonly lastMilliseconds: number;
  readonly nextMilliseconds: number;
}

/** When a claim's backups are due: the very times of its {@link cronSchedule}. */
export function dueTimes(
  schedule: Schedule,
  claim: { readonly namespace: string; readonly name: string },
  nowMilliseconds: number,
): DueTimes {
  const { weekday, minuteOfDay } = slotOf(schedule, claim.namespace, claim.name);
  const days = schedule.every === 'Week' ? (weekday - FIRST_WEEKDAY + DAYS_PER_WEEK) % DAYS_PER_WEEK : 0;
  const offset = (days * MINUTES_PER_DAY + minuteOfDay) * MINUTE_MILLISECONDS;
  const interval = intervalSeconds(schedule) * 1000;
  const lastMilliseconds = Math.floor((nowMilliseconds - offset) / interval) * interval + offset;
  return { lastMilliseconds, nextMilliseconds: lastMilliseconds + interval };
}
