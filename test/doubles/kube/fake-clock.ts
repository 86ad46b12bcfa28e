import type { Clock } from '../../../src/time/clock.ts';

interface Timer {
  readonly dueMilliseconds: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock for tests: time stands still until `advance` moves it. Wall and monotonic time run together. */
export class FakeClock implements Clock {
  #nowMilliseconds: number;
  #sequence = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMilliseconds = Date.UTC(2030, 0, 1)) {
    this.#nowMilliseconds = startMilliseconds;
  }

  readonly wallMilliseconds = (): number => this.#nowMilliseconds;
  readonly monotonicMilliseconds = (): number => this.#nowMilliseconds;

  readonly schedule = (delayMilliseconds: number, callback: () => void): (() => void) => {
    const dueMilliseconds = this.#nowMilliseconds + Math.max(0, delayMilliseconds);
    const timer: Timer = { dueMilliseconds, sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time forward, firing due timers in order and letting promises settle after each. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#nowMilliseconds + milliseconds;
    await settle();
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) {
      this.#timers.delete(timer);
      this.#nowMilliseconds = timer.dueMilliseconds;
      timer.callback();
      await settle();
    }
    this.#nowMilliseconds = target;
  }

  #next(untilMilliseconds: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.dueMilliseconds <= untilMilliseconds);
    return due.sort((a, b) => a.dueMilliseconds - b.dueMilliseconds || a.sequence - b.sequence)[0];
  }
}

/** Lets every promise that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
