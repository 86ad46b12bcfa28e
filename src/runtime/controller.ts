import type { Logger } from 'pino';
import type { Clock } from '../time/clock.ts';
import { isAborted } from '../kube/client/errors.ts';
import { Deadline } from '../time/deadline.ts';
import type { Result } from './result.ts';
import type { Source } from './source.ts';
import { WorkQueue, type WorkQueueObserver } from './work-queue.ts';

/** How a reconcile ended, for metrics; `error` for what was thrown. */
export type Outcome = Result['kind'] | 'error';

export interface ControllerObserver extends WorkQueueObserver {
  readonly reconciled?: (outcome: Outcome, durationSeconds: number) => void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly sources: readonly Source[];
  /**
   * Makes the world for one key as it should be; must be idempotent. What it throws is logged and tried again with
   * growing delays. The signal aborts when the controller stops, or when the time is over.
   */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  /** Keys worked on at the same time; 4 if not given. Never the same key twice. */
  readonly concurrency?: number;
  /** Time for one reconcile; 5 minutes if not given. */
  readonly reconcileTimeoutMilliseconds?: number;
  readonly logger: Logger;
  readonly observer?: ControllerObserver;
  readonly clock?: Clock;
}

/** Runs reconcile for every key that may need it, once all sources are known in full. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #stopping = new AbortController();
  readonly #stopSources: (() => void)[] = [];
  #workers: Promise<unknown> | undefined;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#queue = new WorkQueue({
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    });
  }

  /** Looks at a key soon, as if a source had named it. */
  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** Resolves once work has begun: after every source has synced, or when stopped before that. */
  async start(): Promise<void> {
    const { sources, concurrency = 4, logger } = this.#options;
    for (const source of sources) this.#stopSources.push(source.start((key) => this.#queue.add(key)));
    await Promise.race([Promise.all(sources.map((source) => source.hasSynced())), aborted(this.#stopping.signal)]);
    if (this.#stopping.signal.aborted) return;
    logger.info({ controller: this.name, waiting: this.#queue.depth }, 'every source has synced; work begins');
    this.#workers = Promise.all(Array.from({ length: concurrency }, () => this.#work()));
  }

  /** Takes no more work and resolves when the work under way is over. */
  async stop(): Promise<void> {
    for (const stopSource of this.#stopSources.splice(0)) stopSource();
    this.#stopping.abort();
    await this.#queue.shutDown();
    await this.#workers;
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      const startedAt = performance.now();
      const outcome = await this.#reconcile(key);
      this.#queue.done(key);
      this.#options.observer?.reconciled?.(outcome, (performance.now() - startedAt) / 1000);
    }
  }

  async #reconcile(key: string): Promise<Outcome> {
    const { reconcile, reconcileTimeoutMilliseconds = 300_000 } = this.#options;
    const deadline = new Deadline(reconcileTimeoutMilliseconds, this.#stopping.signal);
    try {
      const result = await reconcile(key, deadline.signal);
      this.#handle(key, result);
      return result.kind;
    } catch (error) {
      this.#handleError(key, error);
      return 'error';
    } finally {
      deadline.release();
    }
  }

  #handle(key: string, result: Result): void {
    this.#queue.forget(key);
    if (result.kind === 'requeueAfter') this.#queue.addAfter(key, result.milliseconds);
    if (result.kind !== 'terminal') return;
    const { reason, message } = result;
    this.#options.logger.warn(
      { controller: this.name, key, reason },
      `will not try again until it changes: ${message}`,
    );
  }

  #handleError(key: string, error: unknown): void {
    const { logger } = this.#options;
    if (this.#stopping.signal.aborted && isAborted(error)) return;
    const failures = this.#queue.failuresOf(key) + 1;
    logger.error({ controller: this.name, key, failures, err: error }, 'reconcile failed; it will be tried again');
    this.#queue.addRateLimited(key);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
