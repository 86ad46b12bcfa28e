/** Time and timers, passed in wherever time matters so that tests own it. */
export interface Clock {
  /** Wall clock: milliseconds since 1970. For timestamps that others read. */
  readonly wallMilliseconds: () => number;
  /** Monotonic clock: only differences mean something. For durations. */
  readonly monotonicMilliseconds: () => number;
  /** Calls back once after the delay; the returned function cancels it. */
  readonly schedule: (delayMilliseconds: number, callback: () => void) => () => void;
}

/** Node fires a timer with a longer delay at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMilliseconds: () => Date.now(),
  monotonicMilliseconds: () => performance.now(),
  schedule: scheduleWithTimers,
};

function scheduleWithTimers(delayMilliseconds: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (remainingMilliseconds: number): void => {
    const step = Math.min(remainingMilliseconds, longestTimerMilliseconds);
    timer = setTimeout(() => {
      if (remainingMilliseconds > step) arm(remainingMilliseconds - step);
      else callback();
    }, step);
  };
  arm(Math.max(0, delayMilliseconds));
  return () => clearTimeout(timer);
}

/** Resolves after the delay, or as soon as the signal aborts, whichever is first. Never rejects. */
export function sleep(clock: Clock, delayMilliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const wake = (): void => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.schedule(delayMilliseconds, wake);
    signal?.addEventListener('abort', wake);
  });
}
