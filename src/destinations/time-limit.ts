import type { CallOptions } from './destination.ts';
import { failure, success, type Outcome } from './outcome.ts';

/** The options for the next step of a call in several steps: the same, with the time that is left. */
export const stepsWithin = <Options extends CallOptions>(options: Options): (() => Options) => {
  const deadline = performance.now() + options.timeoutMilliseconds;
  return () => ({ ...options, timeoutMilliseconds: Math.max(0, deadline - performance.now()) });
};

/**
 * Waits for work that goes on by itself, no longer than the options allow. The failure is `Timeout` or `Aborted`; its
 * message begins with `what`.
 */
export const withinLimit = async <T>(work: Promise<T>, options: CallOptions, what: string): Promise<Outcome<T>> => {
  const { promise, resolve } = Promise.withResolvers<Outcome<T>>();
  const onAbort = (): void => resolve(failure('Aborted', `${what}: the caller gave up`));
  const limit = Math.round(options.timeoutMilliseconds);
  const onLimit = (): void => resolve(failure('Timeout', `${what}: not done within ${limit} ms`));
  if (options.signal?.aborted === true) onAbort();
  const timer = setTimeout(onLimit, options.timeoutMilliseconds);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work.then((value) => success(value)), promise]);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
};
