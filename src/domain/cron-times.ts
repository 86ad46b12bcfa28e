import { Cron } from 'croner';

/** Two neighbouring times of a schedule, in milliseconds since 1970. */
export interface DueTimes {
  /** The newest that has come. */
  readonly lastMilliseconds: number;
  readonly nextMilliseconds: number;
}

/** A cron expression that can be read, and whose times come. */
export interface CronTimes {
  readonly expression: string;
  readonly timeZone: string;
  readonly around: (nowMilliseconds: number) => DueTimes;
}

const HOUR_MILLISECONDS = 3_600_000;
/** A Monday, and the first day of a leap year. */
const START_MILLISECONDS = Date.parse('2024-01-01T00:00:00Z');
const YEAR_MILLISECONDS = 366 * 24 * HOUR_MILLISECONDS;
/** Of an expression with many times a day: two weeks of them. */
const MOST_STEPS = 24 * 15;
/** The rarest that is worth the name comes on the 29th of February. */
const RAREST_MILLISECONDS = 5 * YEAR_MILLISECONDS;

/** Whether a time zone is known by that name. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

function parse(expression: string, timeZone: string): Cron | undefined {
  try {
    return new Cron(expression, { timezone: timeZone, mode: '5-part', paused: true });
  } catch {
    return undefined;
  }
}

/**
 * Reads a cron expression of five fields. When clocks are set forward, what is left out comes right afterwards; when they are set back, what
 * would come twice comes once.
 *
 * @param timeZone one that is known.
 * @returns undefined where it can't be read, or none of its times ever comes.
 */
export function cronTimes(expression: string, timeZone: string): CronTimes | undefined {
  const cron = parse(expression, timeZone);
  if (cron?.nextRun(new Date(START_MILLISECONDS)) === null || cron === undefined) return undefined;
  const around = (nowMilliseconds: number): DueTimes => ({
    lastMilliseconds: cron.previousRuns(1, new Date(nowMilliseconds + 1))[0]?.getTime() ?? 0,
    nextMilliseconds: cron.nextRun(new Date(nowMilliseconds))?.getTime() ?? nowMilliseconds + RAREST_MILLISECONDS,
  });
  return { expression, timeZone, around };
}

/**
 * The longest time between two neighbouring times of an expression, within a year or its first two weeks; what comes more often than
 * hourly is taken by the hour, so that it can be an hour too short.
 */
export function longestGapSeconds({ around }: CronTimes): number {
  let longest = 0;
  let time = around(START_MILLISECONDS).nextMilliseconds;
  for (let step = 0; step < MOST_STEPS && time < START_MILLISECONDS + YEAR_MILLISECONDS; step += 1) {
    const { nextMilliseconds } = around(time);
    longest = Math.max(longest, nextMilliseconds - time);
    time = Math.max(nextMilliseconds, time + HOUR_MILLISECONDS);
  }
  return Math.max(60, Math.round(longest / 1000));
}
