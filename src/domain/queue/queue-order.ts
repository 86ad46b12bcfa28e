import type { MoverCause, WaitingMover } from './mover.ts';
import type { WorkCount } from './limits.ts';

/** After so long a wait a mover counts as one of the next better cause. */
export const PROMOTION_MILLISECONDS = 15 * 60_000;
/** After so long a wait a restore counts as one of the next higher priority. */
export const PRIORITY_MILLISECONDS = 5 * 60_000;

const ranks: Readonly<Record<MoverCause, number>> = {
  restore: 0,
  maintenance: 0,
  asked: 0,
  overdue: 1,
  first: 2,
  scheduled: 3,
};

/** When the last mover of a task began for a namespace, milliseconds since 1970; by `task namespace`. */
export type LastServed = ReadonlyMap<string, number>;

/** What the order follows from, beside those who wait. */
export interface OrderFacts {
  readonly working: Pick<WorkCount, 'ofNamespace'>;
  readonly lastServed: LastServed;
  readonly nowMilliseconds: number;
}

interface Ranked {
  readonly mover: WaitingMover;
  /** 0 is the best, and who has waited long enough has it. */
  readonly rank: number;
  /** How many of its namespace come before it, those at work among them. */
  readonly turn: number;
  /** Of two namespaces with as many, the one that was not served for longer goes first. */
  readonly servedMilliseconds: number;
}

const steps = (waitedMilliseconds: number, stepMilliseconds: number): number =>
  Math.floor(Math.max(0, waitedMilliseconds) / stepMilliseconds);

function rankOf({ cause, priority, sinceMilliseconds }: WaitingMover, highest: number, now: number): number {
  const waited = now - sinceMilliseconds;
  if (cause === 'restore') return Math.max(0, highest - priority - steps(waited, PRIORITY_MILLISECONDS));
  return Math.max(0, ranks[cause] - steps(waited, PROMOTION_MILLISECONDS));
}

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/**
 * Puts those who wait for the same task in the order in which they are to begin: by cause or priority, in which each goes up as it
 * waits; of as good ones, in turn between namespaces.
 */
export function inOrder(waiting: readonly WaitingMover[], facts: OrderFacts): readonly WaitingMover[] {
  const { nowMilliseconds } = facts;
  const highest = waiting.reduce((most, { priority }) => Math.max(most, priority), Number.NEGATIVE_INFINITY);
  const ranked = waiting
    .map((mover) => ({ mover, rank: rankOf(mover, highest, nowMilliseconds) }))
    .toSorted(
      (one, other) =>
        one.rank - other.rank ||
        one.mover.sinceMilliseconds - other.mover.sinceMilliseconds ||
        byText(one.mover.id, other.mover.id),
    );
  return withTurns(ranked, facts)
    .toSorted(
      (one, other) =>
        one.rank - other.rank ||
        one.turn - other.turn ||
        one.servedMilliseconds - other.servedMilliseconds ||
        byText(one.mover.id, other.mover.id),
    )
    .map(({ mover }) => mover);
}

function withTurns(
  ranked: readonly Pick<Ranked, 'mover' | 'rank'>[],
  { working, lastServed }: OrderFacts,
): readonly Ranked[] {
  const before = new Map<string, number>();
  return ranked.map(({ mover, rank }) => {
    const { task, namespace, sinceMilliseconds } = mover;
    const turn = before.get(namespace) ?? working.ofNamespace(mover);
    before.set(namespace, turn + 1);
    const served = lastServed.get(`${task} ${namespace}`) ?? Number.NEGATIVE_INFINITY;
    return { mover, rank, turn, servedMilliseconds: Math.max(served, sinceMilliseconds) };
  });
}
