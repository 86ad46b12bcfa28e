import type { Logger } from 'pino';
import { BoundedLog } from './bounded-log.ts';
import { saysDone } from './mover-log.ts';
import { MOVER_CONTAINER } from './mover-trouble.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { isMoverOf } from './mover-ownership.ts';

interface Listening {
  readonly podUID: string;
  readonly abort: AbortController;
  readonly log: BoundedLog;
  ended: boolean;
  heardAtMilliseconds: number;
}

interface WatchTools {
  readonly client: Pick<KubeClient, 'get' | 'podLogs'>;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Heard {
  /** What was said, as far as it is kept. */
  readonly log: string;
  /** False while the mover may still say more. */
  readonly ended: boolean;
  /** True when the mover said that all is done: one that failed is followed by another, whose report counts. */
  readonly succeeded: boolean;
  /** When its last line was heard, or listening began; milliseconds since 1970. */
  readonly heardAtMilliseconds: number;
}

/**
 * Listens to the logs of movers while they run: the engine keeps only a part of what they say, and deletes their pods when
 * they are done. What was heard is kept in memory; what was missed makes a restore unproven, so that it is run again.
 */
export class MoverLogWatch {
  readonly #client: Pick<KubeClient, 'get' | 'podLogs'>;
  readonly #log: Logger;
  readonly #onNews: (attemptKey: string) => void;
  readonly #now: () => number;
  readonly #listening = new Map<string, Listening>();
  /** UIDs of pods that only look like movers, by attempt. */
  readonly #foreign = new Map<string, Set<string>>();

  /** @param onNews called with the attempt's key when its mover says that all is done, and when its log has ended. */
  constructor({ client, log, now }: WatchTools, onNews: (attemptKey: string) => void) {
    this.#client = client;
    this.#log = log;
    this.#now = now;
    this.#onNews = onNews;
  }

  /**
   * Starts to listen to a pod that has begun to run; a pod already listened to is left. A retry's pod replaces it.
   *
   * @param engineUID of the engine's object: what its Job did not make is not listened to.
   */
  listen(attemptKey: string, pod: Pod, engineUID: string): void {
    const phase = pod.status?.phase;
    if (phase === undefined || phase === 'Pending' || phase === 'Unknown') return;
    const current = this.#listening.get(attemptKey);
    if (current?.podUID === pod.metadata.uid) return;
    current?.abort.abort();
    const listening = {
      podUID: pod.metadata.uid,
      abort: new AbortController(),
      log: new BoundedLog(),
      ended: false,
      heardAtMilliseconds: this.#now(),
    };
    this.#listening.set(attemptKey, listening);
    void this.#hear(attemptKey, pod, { listening, engineUID });
  }

  async #hear(
    attemptKey: string,
    pod: Pod,
    { listening, engineUID }: { readonly listening: Listening; readonly engineUID: string },
  ): Promise<void> {
    try {
      if (await isMoverOf(this.#client, pod, engineUID)) {
        await this.#follow(attemptKey, pod, listening);
        return;
      }
      const known = this.#foreign.get(attemptKey) ?? new Set();
      this.#foreign.set(attemptKey, known.add(pod.metadata.uid));
      this.#log.warn({ pod: pod.metadata.name, attempt: attemptKey }, 'a pod looks like a mover, and is none');
    } catch (error) {
      // The next look tries again.
      this.#log.warn({ err: error, pod: pod.metadata.name }, 'whose pod a mover is could not be read');
    }
    if (this.#listening.get(attemptKey) !== listening) return;
    this.#listening.delete(attemptKey);
    this.#onNews(attemptKey);
  }

  async #follow(attemptKey: string, pod: Pod, listening: Listening): Promise<void> {
    try {
      // The server answers for a pod of several containers only where one is named.
      const options = { container: MOVER_CONTAINER, follow: true, signal: listening.abort.signal };
      for await (const line of this.#client.podLogs(pod.metadata, options)) {
        listening.log.add(line);
        listening.heardAtMilliseconds = this.#now();
        // The kubelet may take a second more to end the log.
        if (saysDone(line)) this.#announce(attemptKey, listening);
      }
    } catch (error) {
      this.#log.debug({ err: error, pod: pod.metadata.name }, 'the log of a mover broke off');
    }
    listening.ended = true;
    this.#announce(attemptKey, listening);
  }

  #announce(attemptKey: string, listening: Listening): void {
    if (this.#listening.get(attemptKey) === listening) this.#onNews(attemptKey);
  }

  /** Whether a pod was found to be none of the engine's. */
  isForeign(attemptKey: string, podUID: string): boolean {
    return this.#foreign.get(attemptKey)?.has(podUID) ?? false;
  }

  /** What the mover of an attempt said so far. Absent when nothing was heard. */
  heard(attemptKey: string): Heard | undefined {
    const listening = this.#listening.get(attemptKey);
    if (listening === undefined) return undefined;
    const { ended, heardAtMilliseconds } = listening;
    const log = listening.log.text;
    return { log, ended, succeeded: saysDone(log), heardAtMilliseconds };
  }

  /** Stops listening to an attempt and forgets what was heard. */
  forget(attemptKey: string): void {
    this.#listening.get(attemptKey)?.abort.abort();
    this.#listening.delete(attemptKey);
    this.#foreign.delete(attemptKey);
  }

  close(): void {
    for (const key of [...this.#listening.keys()]) this.forget(key);
  }
}
