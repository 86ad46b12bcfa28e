import { createHash } from 'node:crypto';
import type { Schedule } from '../api/backup-policy.ts';
import { claimKey } from './claim.ts';

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;

/** A number that is the same for a claim wherever and whenever it is asked for, spread evenly over 0 to 2^48 - 1. */
function spreadNumber(namespace: string, claimName: string): number {
  return createHash('sha256').update(claimKey(namespace, claimName)).digest().readUIntBE(0, 6);
}

/** The minute of the day (UTC) at which a claim of a tier with a window is backed up. */
function backupMinuteOfDay(schedule: Schedule, number: number): number {
  const offset = number % (schedule.windowHours * MINUTES_PER_HOUR);
  return (schedule.windowStartHour * MINUTES_PER_HOUR + offset) % MINUTES_PER_DAY;
}

/**
 * The cron expression (five fields, UTC) of one claim's backups. Start times of all claims are spread evenly over the
 * hour, or over the policy's window, so that no minute sees a herd.
 */
export function cronSchedule(schedule: Schedule, namespace: string, claimName: string): string {
  const number = spreadNumber(namespace, claimName);
  if (schedule.every === 'Hour') return `${number % MINUTES_PER_HOUR} * * * *`;
  const minuteOfDay = backupMinuteOfDay(schedule, number);
  const minute = minuteOfDay % MINUTES_PER_HOUR;
  const hour = Math.floor(minuteOfDay / MINUTES_PER_HOUR);
  const dayOfWeek = schedule.every === 'Week' ? String(Math.floor(number / MINUTES_PER_DAY) % 7) : '*';
  return `${minute} ${hour} * * ${dayOfWeek}`;
}

/**
 * The minute of the day (UTC) at which a claim's repository is maintained: half way between two of its backups. Where these are
 * hourly, the hours are spread over the day.
 */
export function maintenanceMinuteOfDay(schedule: Schedule, namespace: string, claimName: string): number {
  const number = spreadNumber(namespace, claimName);
  if (schedule.every !== 'Hour') return (backupMinuteOfDay(schedule, number) + MINUTES_PER_DAY / 2) % MINUTES_PER_DAY;
  const hour = Math.floor(number / MINUTES_PER_HOUR) % (MINUTES_PER_DAY / MINUTES_PER_HOUR);
  return hour * MINUTES_PER_HOUR + ((number + MINUTES_PER_HOUR / 2) % MINUTES_PER_HOUR);
}

const intervals: Readonly<Record<Schedule['every'], number>> = { Hour: 3_600, Day: 86_400, Week: 604_800 };

/** Seconds between two backups of a tier. */
export const intervalSeconds = ({ every }: Schedule): number => intervals[every];
