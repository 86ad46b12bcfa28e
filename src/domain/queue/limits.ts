import type { MoverLimits } from '../../api/rebound-settings.ts';
import type { QueuedMover } from './mover.ts';

/** How many movers may work at the same time. */
export interface QueueLimits {
  readonly cluster: MoverLimits;
  /** By destination; absent for one that says nothing. */
  readonly destinations: ReadonlyMap<string, number>;
}

const full = (limit: number, one: string, many: string): string =>
  `no more than ${limit} ${limit === 1 ? `${one} works` : `${many} work`} at a time`;

const tally = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** How many movers work. */
export class WorkCount {
  readonly #limits: QueueLimits;
  readonly #tasks = new Map<string, number>();
  readonly #destinations = new Map<string, number>();
  readonly #namespaces = new Map<string, number>();
  #firstBackups = 0;

  constructor(limits: QueueLimits, working: Iterable<QueuedMover>) {
    this.#limits = limits;
    for (const one of working) this.add(one);
  }

  add({ task, destination, namespace, isFirst }: QueuedMover): void {
    tally(this.#tasks, task);
    tally(this.#namespaces, `${task} ${namespace}`);
    if (destination !== undefined) tally(this.#destinations, destination);
    if (task === 'backup' && isFirst) this.#firstBackups += 1;
  }

  /** How many of the same task work for the mover's namespace. */
  ofNamespace({ task, namespace }: QueuedMover): number {
    return this.#namespaces.get(`${task} ${namespace}`) ?? 0;
  }

  /** Why one more like this would be too many, a clause; undefined where it would not be. */
  obstacle(mover: QueuedMover): string | undefined {
    return this.#taskObstacle(mover) ?? this.#destinationObstacle(mover);
  }

  #taskObstacle({ task, isFirst }: QueuedMover): string | undefined {
    const { restores, backups, firstBackups, maintenance } = this.#limits.cluster;
    const working = this.#tasks.get(task) ?? 0;
    switch (task) {
      case 'restore':
        return working < restores ? undefined : full(restores, 'restore', 'restores');
      case 'maintenance':
        return working < maintenance
          ? undefined
          : full(maintenance, 'removal of old snapshots', 'removals of old snapshots');
      case 'backup':
        if (working >= backups) return full(backups, 'backup', 'backups');
        return isFirst && this.#firstBackups >= firstBackups
          ? full(firstBackups, 'first backup', 'first backups')
          : undefined;
    }
  }

  /** The last place is left to a restore, where there is more than one: an application waits for that. */
  #destinationObstacle({ task, destination = '' }: QueuedMover): string | undefined {
    const limit = this.#limits.destinations.get(destination);
    if (limit === undefined) return undefined;
    const mine = task === 'restore' || limit === 1 ? limit : limit - 1;
    if ((this.#destinations.get(destination) ?? 0) < mine) return undefined;
    const kept = mine === limit ? '' : ', of which the last place is kept for a restore';
    return `${full(limit, 'mover', 'movers')} with destination ${destination}${kept}`;
  }
}
