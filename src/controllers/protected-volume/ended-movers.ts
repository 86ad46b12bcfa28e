import { BoundedLog } from '../../engines/volsync/bounded-log.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
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

/**
 * Reads what the movers of failed backups said, each once: the engine itself tells of a failure only after nine tries, and
 * then of the last one only. The pods stay until the engine gives their Job up, or it succeeds.
 */
export class FailedMovers {
  readonly #context: ControllerContext;
  /** Logs by the pod's UID, by the engine's object. */
  readonly #read = new Map<string, ReadonlyMap<string, string>>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** Oldest first. A log that can't be read now is left out, to be asked for at the next look. */
  async of(source: ReplicationSource | undefined): Promise<readonly FailedMover[]> {
    if (source === undefined) return [];
    const { namespace } = source.metadata;
    const key = objectKey(source.metadata);
    const all = this.#context.stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: moverJobName(source) }));
    const pods = oldestFirst(all.filter(hasFailed));
    const before = this.#read.get(key);
    const logs = new Map<string, string>();
    for (const pod of pods) {
      const log = before?.get(pod.metadata.uid) ?? (await this.#log(pod));
      if (log !== undefined) logs.set(pod.metadata.uid, log);
    }
    if (logs.size === 0) this.#read.delete(key);
    else this.#read.set(key, logs);
    return pods.map((pod) => ({ pod, log: logs.get(pod.metadata.uid) ?? '' }));
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
