import type { Retention, Schedule } from '../../api/backup-policy.ts';
import { OVERDUE_INTERVALS } from '../overdue.ts';
import { intervalSeconds } from '../schedule.ts';
import { type DatedSnapshot, type KeepReason, keptByRules } from './keep-rules.ts';

const DAY_MILLISECONDS = 86_400_000;
/** A weekend in which nobody looks: what came to be in it is there still. */
const DAYS_UNSEEN = 2;
/** A change of the rules that removes more than this share of the snapshots is not carried out unasked. */
const SHARE_UNASKED = 0.5;
/** So many may always go: of three snapshots, two are more than half. */
const FEW_SNAPSHOTS = 2;

export interface RetentionFacts {
  /** All that the repository holds, in any order. */
  readonly snapshots: readonly DatedSnapshot[];
  /** Ids of those that are known to lack something: a rule that keeps one of them keeps the whole one beside it, too. */
  readonly doubtful: ReadonlySet<string>;
  readonly retention: Retention;
  readonly schedule: Schedule;
  /** Milliseconds since 1970. */
  readonly nowMilliseconds: number;
  /** See `untouchableSnapshots`: never removed, with the reason. */
  readonly untouchable: ReadonlyMap<string, KeepReason>;
  /** Whether these rules have been applied to this repository before, or somebody has acknowledged what they would remove. */
  readonly areRulesAcknowledged: boolean;
}

export interface KeptSnapshot {
  readonly id: string;
  /** At least one. */
  readonly reasons: readonly KeepReason[];
}

export interface RetentionPlan {
  readonly keep: readonly KeptSnapshot[];
  /** Ids to be removed, the oldest first. */
  readonly forget: readonly string[];
  /** How many the rules would remove that stay until somebody acknowledges it; 0 where none. */
  readonly unacknowledged: number;
}

/**
 * What of a repository is kept, and why, and what is removed. Whatever cannot be decided is kept: a snapshot too many
 * costs space, one too few can't be brought back.
 */
export function planRetention(facts: RetentionFacts): RetentionPlan {
  const whole = facts.snapshots.filter(({ id }) => !facts.doubtful.has(id));
  const rules = [facts.snapshots, whole].map((snapshots) => keptByRules(snapshots, facts.retention));
  const kept = facts.snapshots.map(({ id, timeMilliseconds }) => {
    const byRules = new Set(rules.flatMap((reasons) => reasons.get(id) ?? []));
    return { id, timeMilliseconds, reasons: [...byRules, ...otherReasons(facts, { id, timeMilliseconds })] };
  });
  const surplus = kept.filter(({ reasons }) => reasons.length === 0).sort(oldestFirst);
  if (!mayRemove(facts, surplus.length)) {
    const waiting = { reasons: ['the change of the rules is not acknowledged'] };
    const all = kept.map(({ id, reasons }) => ({ id, ...(reasons.length === 0 ? waiting : { reasons }) }));
    return { keep: all, forget: [], unacknowledged: surplus.length };
  }
  const keep = kept.filter(({ reasons }) => reasons.length > 0).map(({ id, reasons }) => ({ id, reasons }));
  return { keep, forget: surplus.map(({ id }) => id), unacknowledged: 0 };
}

const oldestFirst = (one: DatedSnapshot, other: DatedSnapshot): number =>
  one.timeMilliseconds - other.timeMilliseconds || (one.id < other.id ? -1 : 1);

function otherReasons(facts: RetentionFacts, { id, timeMilliseconds }: DatedSnapshot): readonly KeepReason[] {
  const untouchable = facts.untouchable.get(id);
  const isYoung = facts.nowMilliseconds - timeMilliseconds < youngMilliseconds(facts.schedule);
  return [
    ...(untouchable === undefined ? [] : [untouchable]),
    // A snapshot of the future is of a clock that is off: how old it is, nobody knows.
    ...(isYoung ? ['young'] : []),
  ];
}

/** No younger one is removed, whatever the rules say: a collapse must be noticed before what was there is gone. */
export const youngMilliseconds = (schedule: Schedule): number =>
  DAYS_UNSEEN * DAY_MILLISECONDS + OVERDUE_INTERVALS * intervalSeconds(schedule) * 1000;

function mayRemove({ snapshots, areRulesAcknowledged }: RetentionFacts, count: number): boolean {
  return areRulesAcknowledged || count <= Math.max(FEW_SNAPSHOTS, SHARE_UNASKED * snapshots.length);
}
