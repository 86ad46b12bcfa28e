import { BoundedLog } from '../../engines/volsync/bounded-log.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { isMoverOf } from '../../engines/volsync/mover-ownership.ts';
import { MOVER_CONTAINER, moverJobName } from '../../engines/volsync/mover-trouble.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import { oldestFirst, PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';

/** A try of a backup that ended with an error, and the end of what it said. */
export interface FailedMover {
  readonly pod: Pod;
  readonly log: string;
}

const hasFailed = ({ status }: Pod): boolean =>
  status?.phase === 'Failed' ||
  (status?.containerStatuses ?? []).some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);

/** When a pod's container ended; absent where nobody says it. */
export function endOf({ status }: Pod): string | undefined {
  const states = status?.containerStatuses?.map(({ state }) => state?.terminated) ?? [];
  return states.find((one) => one !== undefined)?.finishedAt ?? undefined;
}

/** What is known of a failed pod. `log` is absent while it could not be read. */
type Sighting = { readonly isOurs: false } | { readonly isOurs: true; readonly log?: string | undefined };

/**
 * Reads what the movers of failed backups said, each once: the engine itself tells of a failure only after nine tries, and
 * then of the last one only. The pods stay until the engine gives their Job up, or it succeeds. Pods that are only labelled
 * like movers are not listened to: what they say could make a good backup a bad one.
 */
export class FailedMovers {
  readonly #context: ControllerContext;
  /** By the pod's UID, by the engine's object. */
  readonly #seen = new Map<string, ReadonlyMap<string, Sighting>>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** Oldest first. A log that can't be read now is left out, and so is a pod of which nobody can say whose it is; both are asked for again. */
  async of(source: ReplicationSource | undefined): Promise<readonly FailedMover[]> {
    if (source === undefined) return [];
    const { namespace, uid = '' } = source.metadata;
    const key = objectKey(source.metadata);
    const all = this.#context.stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: moverJobName(source) }));
    const before = this.#seen.get(key);
    const seen = new Map<string, Sighting>();
    const movers: FailedMover[] = [];
    for (const pod of oldestFirst(all.filter(hasFailed))) {
      const sighting = await this.#look(pod, uid, before?.get(pod.metadata.uid));
      if (sighting === undefined) continue;
      seen.set(pod.metadata.uid, sighting);
      if (sighting.isOurs) movers.push({ pod, log: sighting.log ?? '' });
    }
    if (seen.size === 0) this.#seen.delete(key);
    else this.#seen.set(key, seen);
    return movers;
  }

  /** Undefined while it can't be known whose pod it is. */
  async #look(pod: Pod, engineUID: string, before: Sighting | undefined): Promise<Sighting | undefined> {
    const isOurs = before?.isOurs ?? (await this.#isOurs(pod, engineUID));
    if (isOurs === undefined) return undefined;
    return isOurs
      ? { isOurs, log: (before?.isOurs === true ? before.log : undefined) ?? (await this.#log(pod)) }
      : { isOurs };
  }

  async #isOurs(pod: Pod, engineUID: string): Promise<boolean | undefined> {
    try {
      return await isMoverOf(this.#context.client, pod, engineUID);
    } catch (error) {
      this.#context.log.warn({ err: error, pod: pod.metadata.name }, 'whose pod a failed mover is could not be read');
      return undefined;
    }
  }

  async #log(pod: Pod): Promise<string | undefined> {
    const log = new BoundedLog();
    try {
      for await (const line of this.#context.client.podLogs(pod.metadata, { container: MOVER_CONTAINER }))
        log.add(line);
      return log.text;
    } catch (error) {
      this.#context.log.debug({ err: error, pod: pod.metadata.name }, 'the log of a failed mover cannot be read');
      return undefined;
    }
  }
}
