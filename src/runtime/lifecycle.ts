import type { Logger } from 'pino';

/** A part of the process that is started and stopped with it. */
export interface Component {
  readonly name: string;
  /** Resolves when the part works; components after it start then. */
  readonly start?: () => Promise<void> | void;
  readonly stop?: () => Promise<void> | void;
}

/** The parts of the process that a lifecycle touches; tests bring their own. */
export interface ProcessHost {
  readonly on: (event: string, listener: (argument: unknown) => void) => unknown;
  readonly exit: (code: number) => void;
}

export interface LifecycleOptions {
  readonly logger: Logger;
  /** Time for all components to stop; 25 s if not given: a pod is killed 30 s after it was asked to end. */
  readonly stopDeadlineMilliseconds?: number;
  readonly host?: ProcessHost;
}

/** Starts components in order and stops them in reverse, on a signal or on a fault. */
export class Lifecycle {
  readonly #logger: Logger;
  readonly #stopDeadlineMilliseconds: number;
  readonly #host: ProcessHost;
  readonly #components: Component[] = [];
  readonly #started: Component[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#logger = options.logger;
    this.#stopDeadlineMilliseconds = options.stopDeadlineMilliseconds ?? 25_000;
    this.#host = options.host ?? {
      on: (event, listener) => process.on(event, listener),
      exit: (code) => process.exit(code),
    };
  }

  add(component: Component): void {
    this.#components.push(component);
  }

  /** Starts everything. If a component cannot start, those before it are stopped and the process ends with 1. */
  async run(): Promise<void> {
    this.#handleSignals();
    for (const component of this.#components) {
      if (this.#stopping !== undefined) return;
      this.#started.push(component);
      try {
        await component.start?.();
      } catch (error) {
        this.#logger.fatal({ component: component.name, err: error }, 'cannot start');
        await this.stop(1);
        return;
      }
    }
  }

  /** Stops everything that was started, in reverse, then ends the process; at the deadline it ends in any case. */
  stop(exitCode: number): Promise<void> {
    this.#stopping ??= this.#stopAll(exitCode);
    return this.#stopping;
  }

  async #stopAll(exitCode: number): Promise<void> {
    const deadline = setTimeout(() => {
      this.#logger.error('not everything stopped in time; ending all the same');
      this.#host.exit(1);
    }, this.#stopDeadlineMilliseconds);
    for (const component of this.#started.toReversed()) await this.#stopOne(component);
    clearTimeout(deadline);
    this.#logger.info('stopped');
    this.#host.exit(exitCode);
  }

  async #stopOne(component: Component): Promise<void> {
    try {
      await component.stop?.();
    } catch (error) {
      this.#logger.error({ component: component.name, err: error }, 'did not stop cleanly');
    }
  }

  #handleSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT']) this.#host.on(signal, () => this.#onSignal(signal));
    for (const fault of ['unhandledRejection', 'uncaughtException']) {
      this.#host.on(fault, (error) => this.#onFault(fault, error));
    }
  }

  #onSignal(signal: string): void {
    if (this.#stopping !== undefined) {
      this.#logger.warn({ signal }, 'asked a second time; ending at once');
      this.#host.exit(1);
      return;
    }
    this.#logger.info({ signal }, 'stopping');
    void this.stop(0);
  }

  /** The process's state is unknown after this: it ends at once, and whatever runs it starts it anew. */
  #onFault(fault: string, error: unknown): void {
    this.#logger.fatal({ fault, err: error }, 'an error was handled by nobody; ending');
    this.#host.exit(1);
  }
}
