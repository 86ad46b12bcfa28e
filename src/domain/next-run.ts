import { backoffMilliseconds } from '../time/backoff.ts';
import { rfc3339 } from '../time/rfc3339.ts';
import type { DueTimes } from './schedule.ts';

/** How runs of a claim have gone that ended with an error, one after the other. */
export interface FailedRuns {
  readonly count: number;
  readonly endedAtMilliseconds: number;
  /** The request for a backup now that the last of them was for. */
  readonly request?: string | undefined;
}

/** What decides when the next backup run of a claim begins, where there is none. Times are milliseconds since 1970. */
export interface NextRunFacts {
  readonly nowMilliseconds: number;
  readonly due: DueTimes;
  /** When the last run ended, whatever became of it, and whichever engine it was of; absent before the first. */
  readonly lastEndedMilliseconds?: number | undefined;
  /** Absent where the last run ended well. */
  readonly failed?: FailedRuns | undefined;
  /** A user's request for a backup now that is not carried out yet. */
  readonly request?: string | undefined;
  /** When a volume that was found empty is to be looked at again; absent where it was not. */
  readonly emptyRetryMilliseconds?: number | undefined;
}

/** `cause` is the same however often it is asked for, and another for every run: the run is named after it. */
export type NextRun =
  | { readonly kind: 'due'; readonly cause: string; readonly request?: string | undefined }
  | { readonly kind: 'later'; readonly atMilliseconds: number };

const retryBackoff = { initialMilliseconds: 60_000, maximumMilliseconds: 60 * 60_000 };

/** A minute after the first failure, then twice as long each time, up to an hour. */
const retryAt = ({ count, endedAtMilliseconds }: FailedRuns): number =>
  endedAtMilliseconds + backoffMilliseconds(retryBackoff, count - 1);

/**
 * Says whether a run begins now, and why, or when. What came due while nobody looked is made up for by one run. A failed run is
 * tried again by itself; a request that came since does not wait for that.
 */
export function nextRun(facts: NextRunFacts): NextRun {
  const { nowMilliseconds, due, failed, request, lastEndedMilliseconds, emptyRetryMilliseconds } = facts;
  if (request !== undefined && request !== failed?.request)
    return { kind: 'due', cause: `request ${request}`, request };
  const at = (milliseconds: number, why: string): NextRun =>
    milliseconds <= nowMilliseconds
      ? { kind: 'due', cause: `${why} ${rfc3339(milliseconds)}`, request }
      : { kind: 'later', atMilliseconds: milliseconds };
  if (failed !== undefined) return at(retryAt(failed), 'retry');
  if (lastEndedMilliseconds === undefined) return { kind: 'due', cause: 'first' };
  if (due.lastMilliseconds > lastEndedMilliseconds) return at(due.lastMilliseconds, 'due');
  const next = Math.min(due.nextMilliseconds, emptyRetryMilliseconds ?? Number.POSITIVE_INFINITY);
  return at(next, 'due');
}
