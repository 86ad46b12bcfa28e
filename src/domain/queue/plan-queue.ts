import { type QueueLimits, WorkCount } from './limits.ts';
import type { MoverTask, QueuedMover, WaitingMover } from './mover.ts';
import { inOrder, type LastServed } from './queue-order.ts';

/** What works, what is wanted, and how much may work. */
export interface QueueFacts {
  readonly working: Iterable<QueuedMover>;
  readonly waiting: readonly WaitingMover[];
  readonly limits: QueueLimits;
  readonly lastServed: LastServed;
  readonly nowMilliseconds: number;
}

/** Where one that has to wait stands among those of its task. */
export interface Place {
  /** From 1. */
  readonly place: number;
  readonly of: number;
  /** A clause. */
  readonly waitsFor: string;
}

export interface QueuePlan {
  /** Ids of those that may begin now, in their order. */
  readonly begin: readonly string[];
  /** The others, by id. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Restores come first, wherever several tasks share what is limited. */
const tasks: readonly MoverTask[] = ['restore', 'backup', 'maintenance'];

/** Says which movers may begin now, and of each other which place it has and what it waits for. No limit is ever passed. */
export function planQueue({ working, waiting, limits, lastServed, nowMilliseconds }: QueueFacts): QueuePlan {
  const count = new WorkCount(limits, working);
  const begin: string[] = [];
  const places = new Map<string, Place>();
  for (const task of tasks) {
    const ordered = inOrder(
      waiting.filter((one) => one.task === task),
      { working: count, lastServed, nowMilliseconds },
    );
    const left = ordered.flatMap((mover): { id: string; waitsFor: string }[] => {
      const waitsFor = mover.heldBecause ?? count.obstacle(mover);
      if (waitsFor !== undefined) return [{ id: mover.id, waitsFor }];
      count.add(mover);
      begin.push(mover.id);
      return [];
    });
    left.forEach(({ id, waitsFor }, index) => places.set(id, { place: index + 1, of: left.length, waitsFor }));
  }
  return { begin, places };
}
