import type { Clock } from '../time/clock.ts';

export interface EventLimits {
  /** Events about one object that may come at once. */
  readonly burst: number;
  /** After a burst, one more is allowed every so often. */
  readonly refillSeconds: number;
}

interface Bucket {
  tokens: number;
  filledAtMilliseconds: number;
}

/** A map that forgets what was used longest ago. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#capacity && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** Token buckets per object. */
export class EventRateLimiter {
  readonly #limits: EventLimits;
  readonly #clock: Clock;
  readonly #buckets: BoundedMap<Bucket>;

  constructor(limits: EventLimits, clock: Clock, capacity: number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#buckets = new BoundedMap(capacity);
  }

  /** Whether one more event about this object may be written now. */
  allow(objectUid: string): boolean {
    const now = this.#clock.monotonicMilliseconds();
    const bucket = this.#buckets.get(objectUid) ?? { tokens: this.#limits.burst, filledAtMilliseconds: now };
    const refilled = (now - bucket.filledAtMilliseconds) / 1000 / this.#limits.refillSeconds;
    const tokens = Math.min(this.#limits.burst, bucket.tokens + refilled);
    const isAllowed = tokens >= 1;
    this.#buckets.set(objectUid, { tokens: isAllowed ? tokens - 1 : tokens, filledAtMilliseconds: now });
    return isAllowed;
  }
}
