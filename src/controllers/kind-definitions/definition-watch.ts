import type { Logger } from 'pino';
import { definitionProblem } from '../../domain/definition-gaps.ts';
import { type Clock, sleep, systemClock } from '../../time/clock.ts';
import { KubeError } from '../../kube/client/errors.ts';
import type { ObjectClient } from '../context.ts';
import { readDefinitions } from './read-definitions.ts';

const LOOK_AGAIN_MILLISECONDS = 60_000;
const TROUBLE_AGAIN_MILLISECONDS = 5_000;

const ADVICE = 'Apply the manifests of the version that runs: kubectl apply -k manifests/';

export interface DefinitionWatchOptions {
  readonly client: Pick<ObjectClient, 'get'>;
  readonly logger: Logger;
  /** Called when the definitions were good, and certainly no longer are. The process must stop acting at once: exit. */
  readonly onLost: () => void;
  readonly clock?: Clock;
}

/**
 * Looks, again and again, whether the API server's definitions of Rebound's kinds keep all that this program writes. They come with the
 * manifests, and a program may be newer than they are: what it records would be refused or dropped then, and nobody would know
 * what a restore has reached, or why pruning was paused.
 */
export class DefinitionWatch {
  readonly #options: DefinitionWatchOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #good = Promise.withResolvers<undefined>();
  #problem: string | undefined = "the definitions of Rebound's kinds were not looked at yet.";
  #running: Promise<void> | undefined;

  constructor(options: DefinitionWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Why nothing may be begun, in a sentence for people; undefined once the definitions were seen to be good. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Resolves once the definitions were seen to be good. */
  good(): Promise<void> {
    return this.#good.promise;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await sleep(
        this.#clock,
        this.#problem === undefined ? LOOK_AGAIN_MILLISECONDS : TROUBLE_AGAIN_MILLISECONDS,
        signal,
      );
    }
  }

  async #look(): Promise<void> {
    try {
      this.#judge(definitionProblem(await readDefinitions(this.#options.client)));
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      // Definitions that were good are taken to be so until the API server says otherwise.
      if (this.#problem === undefined) return;
      this.#problem = `nobody knows whether the definitions of Rebound's kinds are those of this version: ${error.message}. ${ADVICE}.`;
    }
  }

  #judge(gaps: string | undefined): void {
    const wasGood = this.#problem === undefined;
    this.#problem =
      gaps === undefined
        ? undefined
        : `the definitions of Rebound's kinds are not those of this version, so what it records would be lost: ${gaps}. ${ADVICE}.`;
    if (this.#problem === undefined) this.#good.resolve(undefined);
    else if (wasGood) this.#lose(this.#problem);
  }

  #lose(problem: string): void {
    this.#options.logger.fatal({ problem }, 'the definitions of the kinds were replaced by others; ending');
    this.#options.onLost();
  }
}
