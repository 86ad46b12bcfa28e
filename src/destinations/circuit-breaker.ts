import type { CallOptions } from './destination.ts';
import type { ObjectStore } from './object-store.ts';
import { failure, type Failure, type Outcome } from './outcome.ts';

/** So many calls in a row without an answer, and the store is left alone for a while. */
const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** A caller with less time than this, and not the store, is to blame for a timeout. */
const FAIR_LIMIT_MILLISECONDS = 1_000;

export interface CircuitBreakerOptions {
  /** A monotonic clock. */
  readonly nowMilliseconds?: () => number;
}

const isSilence = (reason: Failure['reason'], { timeoutMilliseconds }: CallOptions): boolean =>
  reason === 'Unreachable' || (reason === 'Timeout' && timeoutMilliseconds >= FAIR_LIMIT_MILLISECONDS);

/** The caller's doing: it says nothing about the store. */
const isNoAnswer = (outcome: Failure): boolean => outcome.reason === 'Aborted' || outcome.reason === 'Timeout';

class CircuitBreaker {
  readonly #description: string;
  readonly #now: () => number;
  #failures = 0;
  #pauseMilliseconds = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #reason: Failure['reason'] = 'Unreachable';
  #isTrying = false;
  /** Counts the pauses: the end of a call that began before the last one says nothing new. */
  #pauses = 0;

  constructor(description: string, now: () => number) {
    this.#description = description;
    this.#now = now;
  }

  async run<T>(options: CallOptions, call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const isOpen = this.#failures >= FAILURES_TO_OPEN;
    if (isOpen && (this.#isTrying || this.#now() < this.#pausedUntil)) return this.#refusal();
    const pauses = this.#pauses;
    this.#isTrying = isOpen;
    try {
      const outcome = await call();
      if (pauses === this.#pauses) this.#learn(outcome, options);
      return outcome;
    } finally {
      if (isOpen) this.#isTrying = false;
    }
  }

  #learn(outcome: Outcome<unknown>, options: CallOptions): void {
    if (outcome.ok || !(isSilence(outcome.reason, options) || isNoAnswer(outcome))) {
      this.#failures = 0;
      this.#pauseMilliseconds = 0;
      return;
    }
    if (!isSilence(outcome.reason, options)) return;
    this.#failures += 1;
    if (this.#failures < FAILURES_TO_OPEN) return;
    this.#pauseMilliseconds = Math.min(
      LONGEST_PAUSE_MILLISECONDS,
      Math.max(FIRST_PAUSE_MILLISECONDS, this.#pauseMilliseconds * 2),
    );
    this.#pausedUntil = this.#now() + this.#pauseMilliseconds;
    this.#reason = outcome.reason;
    this.#pauses += 1;
  }

  #refusal(): Failure {
    const longest = LONGEST_PAUSE_MILLISECONDS / 1000;
    const message = `${this.#description} has not answered the last calls, and is asked again within ${longest} seconds`;
    return failure(this.#reason, message);
  }
}

/**
 * Spares a store that does not answer, and its callers the wait: after some calls in a row that met nothing but silence,
 * calls fail at once with the reason of the last one, for a short time that grows. Then one call goes through, and its
 * end decides for all. Any answer, a refusal too, is an answer. What fails here is unknown like any other failure.
 */
export const withCircuitBreaker = (store: ObjectStore, options: CircuitBreakerOptions = {}): ObjectStore => {
  const breaker = new CircuitBreaker(store.description, options.nowMilliseconds ?? (() => performance.now()));
  return {
    description: store.description,
    listPage: (prefix, limits) => breaker.run(limits, () => store.listPage(prefix, limits)),
    read: (key, limits) => breaker.run(limits, () => store.read(key, limits)),
    write: (key, bytes, limits) => breaker.run(limits, () => store.write(key, bytes, limits)),
    create: (key, bytes, limits) => breaker.run(limits, () => store.create(key, bytes, limits)),
    remove: (key, limits) => breaker.run(limits, () => store.remove(key, limits)),
    close: () => store.close(),
  };
};
