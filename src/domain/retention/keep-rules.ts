import type { Retention } from '../../api/backup-policy.ts';

/** A snapshot, as far as it matters how long it is kept. */
export interface DatedSnapshot {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timeMilliseconds: number;
}

/** Why a snapshot is kept: `last 3`, `hourly 24`, as restic's `forget` names its rules. */
export type KeepReason = string;

type Period = Exclude<keyof Retention, 'last'>;

const DAY_MILLISECONDS = 86_400_000;
/** 1970 began on a Thursday: so many days later a week begins, on a Monday. */
const DAYS_TO_MONDAY = 3;

const isoDate = (timeMilliseconds: number, length: number): string =>
  new Date(timeMilliseconds).toISOString().slice(0, length);

/** A name for the hour, day, week, month or year (all UTC) that a time lies in; weeks begin on Monday. */
const periodOf: Readonly<Record<Period, (timeMilliseconds: number) => string>> = {
  hourly: (time) => isoDate(time, 'YYYY-MM-DDTHH'.length),
  daily: (time) => isoDate(time, 'YYYY-MM-DD'.length),
  weekly: (time) => String(Math.floor((time / DAY_MILLISECONDS + DAYS_TO_MONDAY) / 7)),
  monthly: (time) => isoDate(time, 'YYYY-MM'.length),
  yearly: (time) => isoDate(time, 'YYYY'.length),
};

const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** The newest first; of the same time, by id, so that the answer is always the same. */
const newestFirst = (one: DatedSnapshot, other: DatedSnapshot): number =>
  other.timeMilliseconds - one.timeMilliseconds || (one.id < other.id ? -1 : 1);

/**
 * Which snapshots the rules of a tier keep, and by which rule. As restic's `forget`: `hourly: n` keeps the newest snapshot of each
 * of the last n hours *that have one* (cmd/restic/cmd_forget.go, 0.18), so gaps cost nothing.
 *
 * @returns by id; a snapshot that no rule keeps is not in it.
 */
export function keptByRules(
  snapshots: readonly DatedSnapshot[],
  { last, ...counts }: Retention,
): ReadonlyMap<string, readonly KeepReason[]> {
  const sorted = snapshots.toSorted(newestFirst);
  const reasons = new Map<string, KeepReason[]>();
  const keep = (id: string, reason: KeepReason): void => {
    reasons.set(id, [...(reasons.get(id) ?? []), reason]);
  };
  for (const { id } of sorted.slice(0, last)) keep(id, `last ${last}`);
  for (const period of periods) {
    for (const { id } of newestOfEach(sorted, periodOf[period]).slice(0, counts[period] ?? 0)) {
      keep(id, `${period} ${counts[period] ?? 0}`);
    }
  }
  return reasons;
}

/** The first snapshot of each period, in the order given. */
function newestOfEach(sorted: readonly DatedSnapshot[], nameOf: (timeMilliseconds: number) => string): DatedSnapshot[] {
  const first = new Map<string, DatedSnapshot>();
  for (const snapshot of sorted) {
    const name = nameOf(snapshot.timeMilliseconds);
    if (!first.has(name)) first.set(name, snapshot);
  }
  return [...first.values()];
}
