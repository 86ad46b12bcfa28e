import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { type MetricSample, sumOf } from '../world/prometheus-text.ts';
import type { ReboundProcess } from '../world/rebound-process.ts';
import { requestsSent } from './api-writes.ts';

/** What the controller is doing, as far as its metrics tell. */
export interface Activity {
  /** Whether it has worked at all. */
  readonly hasWorked: boolean;
  readonly waitingKeys: number;
  /** Everything it ever did: it is quiet while this stays the same. */
  readonly workDone: number;
}

export function activityOf(samples: readonly MetricSample[]): Activity {
  // Destinations are looked at every minute, at rest too.
  const others = ({ controller }: MetricSample['labels']): boolean => controller !== 'backup-destination';
  const reconciled = sumOf(samples, 'rebound_reconcile_total', others);
  return {
    hasWorked: reconciled > 0,
    waitingKeys: sumOf(samples, 'rebound_queue_depth'),
    workDone: reconciled + requestsSent(samples),
  };
}

/** It has to be quiet for so long; what it waits for by itself, such as its counting of claims, comes after at most 10 s. */
const quietMilliseconds = 12_000;
const lookMilliseconds = 200;

export interface SteadyOptions {
  readonly timeoutSeconds: number;
  readonly onProgress?: (activity: Activity) => void;
}

/** Remembers since when nothing has happened. */
class Stillness {
  sinceMilliseconds = performance.now();
  #workDone: number | undefined;

  /** @returns for how long the controller has rested by now. */
  look(activity: Activity | undefined): number {
    const now = performance.now();
    const rests = activity?.hasWorked === true && activity.waitingKeys === 0 && activity.workDone === this.#workDone;
    this.#workDone = activity?.workDone;
    if (!rests) this.sinceMilliseconds = now;
    return now - this.sinceMilliseconds;
  }
}

/**
 * Waits until the controller has worked, no key waits, and nothing more is done and no request more is sent for a while.
 * @returns seconds from the start of the process to the last thing that it did.
 * @throws ClusterError when it does not come to rest in time, or ends.
 */
export async function waitUntilSteady(controller: ReboundProcess, options: SteadyOptions): Promise<number> {
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  const stillness = new Stillness();
  while (performance.now() < deadline) {
    const activity = await activityNow(controller);
    if (activity !== undefined) options.onProgress?.(activity);
    if (stillness.look(activity) >= quietMilliseconds) {
      return (stillness.sinceMilliseconds - controller.startedAtMilliseconds) / 1000;
    }
    await delay(lookMilliseconds);
  }
  throw new ClusterError(`the controller did not come to rest in ${options.timeoutSeconds} s`);
}

/** Undefined while it does not answer yet, or has no time to. */
async function activityNow(controller: ReboundProcess): Promise<Activity | undefined> {
  controller.assertAlive();
  try {
    return activityOf(await controller.metrics());
  } catch {
    return undefined;
  }
}
