/** A backup is overdue after so many of its tier's intervals: two that failed, and time for the third to end. */
export const OVERDUE_INTERVALS = 2.5;

export interface OverdueFacts {
  /** When the newest good backup was taken, or, without any, since when there should be backups. */
  readonly sinceMilliseconds: number;
  readonly intervalSeconds: number;
  readonly nowMilliseconds: number;
}

/** Milliseconds until a claim has been without a good backup for too long; 0 or less when it has. */
export const untilOverdueMilliseconds = (facts: OverdueFacts): number =>
  facts.sinceMilliseconds + OVERDUE_INTERVALS * facts.intervalSeconds * 1000 - facts.nowMilliseconds;
