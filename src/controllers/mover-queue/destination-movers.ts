import { isDeepStrictEqual } from 'node:util';
import type { BackupDestination } from '../../api/backup-destination.ts';
import { backupDestinations } from '../../api/resource-kinds.ts';
import { isConflict } from '../../kube/client/errors.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import type { DestinationStanding, MoverQueue } from './mover-queue.ts';

/** It is written no more often. */
const WRITE_MILLISECONDS = 10_000;
const COPY_LAG_MILLISECONDS = 1_000;

/** Shows on each destination how many movers work with it, and how many wait. The key is the destination's name. */
export class DestinationMoversReconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'stores' | 'now'>;
  readonly #movers: Pick<MoverQueue, 'standingOf'>;
  readonly #writtenAt = new Map<string, number>();

  constructor(context: Pick<ControllerContext, 'client' | 'stores' | 'now'>, movers: Pick<MoverQueue, 'standingOf'>) {
    this.#context = context;
    this.#movers = movers;
  }

  readonly reconcile = async (name: string): Promise<Result> => {
    const object = this.#context.stores.destinations.get(name);
    if (object !== undefined && object.metadata.deletionTimestamp === undefined) return await this.#show(object);
    this.#writtenAt.delete(name);
    return done();
  };

  async #show(object: BackupDestination): Promise<Result> {
    const { name } = object.metadata;
    const movers = this.#movers.standingOf(name);
    const before = object.status?.movers;
    const isIdle = movers.running === 0 && movers.waiting === 0;
    const again = isIdle ? done() : requeueAfter(WRITE_MILLISECONDS);
    if (isDeepStrictEqual(movers, before) || (isIdle && before === undefined)) return again;
    const nextWrite = (this.#writtenAt.get(name) ?? Number.NEGATIVE_INFINITY) + WRITE_MILLISECONDS;
    const left = nextWrite - this.#context.now();
    if (left > 0) return requeueAfter(left);
    if (!(await this.#write(object, movers))) return requeueAfter(COPY_LAG_MILLISECONDS);
    this.#writtenAt.set(name, this.#context.now());
    return again;
  }

  /** False where the local copy lags: what was recorded since must not be undone. */
  async #write({ metadata, status }: BackupDestination, movers: DestinationStanding): Promise<boolean> {
    const { name, resourceVersion } = metadata;
    const desired = { metadata: { name, resourceVersion }, status: { ...status, movers } };
    try {
      await this.#context.client.applyStatus(backupDestinations, desired);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }
}
