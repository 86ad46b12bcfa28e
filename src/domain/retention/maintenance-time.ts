import type { Schedule } from '../../api/backup-policy.ts';
import { backoffMilliseconds } from '../../time/backoff.ts';
import { maintenanceMinuteOfDay } from '../schedule.ts';

const MINUTE_MILLISECONDS = 60_000;
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
/** One that waited for hours is not followed by the next one at once. */
const LEAST_MILLISECONDS_BETWEEN = 20 * HOUR_MILLISECONDS;

const retryBackoff = { initialMilliseconds: HOUR_MILLISECONDS, maximumMilliseconds: 7 * DAY_MILLISECONDS };

/** Why, and when, the last maintenance of a repository did not come to its end. */
export interface FailedMaintenance {
  /** RFC 3339. */
  readonly time: string;
  /** How often in a row, at least 1. */
  readonly times: number;
}

export interface MaintenanceTimes {
  readonly schedule: Schedule;
  readonly namespace: string;
  readonly claim: string;
  /** When the repository was last maintained, or since when it is Rebound's to do so. */
  readonly sinceMilliseconds: number;
  readonly lastFailure: FailedMaintenance | undefined;
  /** Value of rebound.dev/maintain-now, and the one that was carried out. */
  readonly asked: string | undefined;
  readonly carriedOut: string | undefined;
  readonly nowMilliseconds: number;
}

/**
 * Milliseconds until a repository is due for maintenance; 0 or less when it is. Once a day, far from the claim's backups; after a failure
 * with growing delay, up to a week; and at once where the user asks for it.
 */
export function untilMaintenanceMilliseconds(times: MaintenanceTimes): number {
  const { asked, carriedOut, lastFailure, nowMilliseconds } = times;
  if (asked !== undefined && asked !== carriedOut) return 0;
  const due = lastFailure === undefined ? slotAfter(times) : retryAt(lastFailure);
  return due - nowMilliseconds;
}

const retryAt = ({ time, times }: FailedMaintenance): number =>
  Date.parse(time) + backoffMilliseconds(retryBackoff, times - 1);

function slotAfter({ schedule, namespace, claim, sinceMilliseconds }: MaintenanceTimes): number {
  const earliest = sinceMilliseconds + LEAST_MILLISECONDS_BETWEEN;
  const midnight = Math.floor(earliest / DAY_MILLISECONDS) * DAY_MILLISECONDS;
  const slot = midnight + maintenanceMinuteOfDay(schedule, namespace, claim) * MINUTE_MILLISECONDS;
  return slot < earliest ? slot + DAY_MILLISECONDS : slot;
}
