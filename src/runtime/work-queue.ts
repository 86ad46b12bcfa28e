import { type BackoffOptions, backoffMilliseconds } from '../time/backoff.ts';
import { type Clock, systemClock } from '../time/clock.ts';

/** Told what happens in the queue, for metrics. */
export interface WorkQueueObserver {
  readonly depthChanged?: (depth: number) => void;
  readonly added?: () => void;
  readonly retried?: () => void;
  /** How long a key waited until a worker took it. */
  readonly waited?: (seconds: number) => void;
}

export interface WorkQueueOptions {
  /** Delays of addRateLimited; from 5 ms doubling to 1000 s if not given. */
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  readonly observer?: WorkQueueObserver;
}

interface DelayedAdd {
  readonly dueMilliseconds: number;
  readonly cancel: () => void;
}

const defaultBackoff: BackoffOptions = { initialMilliseconds: 5, maximumMilliseconds: 1_000_000 };

/**
 * A queue of keys to work on. A key waits at most once, is worked on by one worker at a time, and is worked on again
 * after the last time it was added: a key added while it is being worked on comes back when that work is done.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #observer: WorkQueueObserver;
  /** Keys in the order they are to be taken. */
  readonly #waiting = new Map<string, { readonly sinceMilliseconds: number }>();
  readonly #processing = new Set<string>();
  /** Added while being processed. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, DelayedAdd>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #idleListeners: (() => void)[] = [];
  #isShutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? defaultBackoff;
    this.#observer = options.observer ?? {};
  }

  /** Keys waiting, without those delayed or being processed. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Keys that a worker has. */
  get processing(): number {
    return this.#processing.size;
  }

  /** Makes sure that work on the key starts after now. */
  add(key: string): void {
    if (this.#isShutDown || this.#waiting.has(key) || this.#again.has(key)) return;
    this.#observer.added?.();
    if (this.#processing.has(key)) this.#again.add(key);
    else this.#enqueue(key);
  }

  /** Adds the key after a delay. Of several delays for a key, the one that ends first counts. */
  addAfter(key: string, delayMilliseconds: number): void {
    if (this.#isShutDown) return;
    if (delayMilliseconds <= 0) {
      this.add(key);
      return;
    }
    const dueMilliseconds = this.#clock.monotonicMilliseconds() + delayMilliseconds;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.dueMilliseconds <= dueMilliseconds) return;
    earlier?.cancel();
    const cancel = this.#clock.schedule(delayMilliseconds, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMilliseconds, cancel });
  }

  /** Adds the key after a delay that grows with every call until forget. */
  addRateLimited(key: string): void {
    if (this.#isShutDown) return;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer.retried?.();
    this.addAfter(key, backoffMilliseconds(this.#backoff, failures));
  }

  /** Starts the delays of addRateLimited over. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often the key was added rate-limited since it was last forgotten. */
  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one; undefined once the queue is shut down. Every key taken must be given to done. */
  take(): Promise<string | undefined> {
    if (this.#isShutDown) return Promise.resolve(undefined);
    const key = this.#next();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Says that work on a key that was taken is over. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#again.delete(key)) this.#enqueue(key);
    if (this.#processing.size === 0) for (const listener of this.#idleListeners.splice(0)) listener();
  }

  /** Takes no more keys and hands none out. Resolves when the work under way is over. */
  shutDown(): Promise<void> {
    this.#isShutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#again.clear();
    this.#observer.depthChanged?.(0);
    for (const taker of this.#takers.splice(0)) taker(undefined);
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  #enqueue(key: string): void {
    if (this.#isShutDown) return;
    this.#waiting.set(key, { sinceMilliseconds: this.#clock.monotonicMilliseconds() });
    const taker = this.#takers.shift();
    if (taker === undefined) this.#observer.depthChanged?.(this.#waiting.size);
    else taker(this.#next());
  }

  #next(): string | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [key, { sinceMilliseconds }] = first;
    this.#waiting.delete(key);
    this.#processing.add(key);
    this.#observer.depthChanged?.(this.#waiting.size);
    this.#observer.waited?.((this.#clock.monotonicMilliseconds() - sinceMilliseconds) / 1000);
    return key;
  }
}
