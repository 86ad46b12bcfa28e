/** Who ended work before it was done. */
export type EndedBy = 'deadline' | 'caller';

/** The work did not end by itself. */
class EndedEarlyError extends Error {
  override readonly name = 'EndedEarlyError';

  constructor(by: EndedBy) {
    super(by === 'deadline' ? 'the time allowed is over' : 'the caller gave up');
  }
}

/**
 * A signal that aborts after a time, or with the caller's signal, and leaves nothing behind once released.
 *
 * AbortSignal.any is not used on purpose: with a long-lived caller's signal and many short requests its dependent
 * signals would be left to the garbage collector; here they are unlinked at once.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => this.#end('caller');
  #timer: NodeJS.Timeout | undefined;
  #endsAt = 0;
  #endedBy: EndedBy | undefined;

  constructor(timeoutMilliseconds: number, callerSignal?: AbortSignal) {
    this.#callerSignal = callerSignal;
    if (callerSignal?.aborted === true) this.#end('caller');
    else callerSignal?.addEventListener('abort', this.#onCallerAbort);
    this.restart(timeoutMilliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Undefined while nobody ended it. */
  get endedBy(): EndedBy | undefined {
    return this.#endedBy;
  }

  get remainingMilliseconds(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** Counts from now again; without a time there is no limit but the caller's signal. */
  restart(timeoutMilliseconds: number | undefined): void {
    clearTimeout(this.#timer);
    this.#endsAt = timeoutMilliseconds === undefined ? Infinity : performance.now() + timeoutMilliseconds;
    if (timeoutMilliseconds === undefined) return;
    this.#timer = setTimeout(() => this.#end('deadline'), timeoutMilliseconds);
  }

  /** Must be called when the work is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener('abort', this.#onCallerAbort);
  }

  #end(by: EndedBy): void {
    this.#endedBy ??= by;
    this.#controller.abort(new EndedEarlyError(this.#endedBy));
  }
}
