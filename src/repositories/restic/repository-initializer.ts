import { createHash } from 'node:crypto';
import type { CallOptions } from '../../destinations/destination.ts';
import { success } from '../../destinations/outcome.ts';
import { initializeRepository, type RepositoryInitialization, type RepositorySite } from './initialize-repository.ts';
import { LruMap } from './lru-map.ts';
import { repositoryGenesis } from './repository-genesis.ts';

const REMEMBERED = 20_000;

/** Initialises repositories, each once in the life of a process. Share one in a process. */
export class RepositoryInitializer {
  readonly #genesis: typeof repositoryGenesis;
  readonly #done = new LruMap<string, 'made' | 'found'>(REMEMBERED);
  #lastDerivation: Promise<unknown> = Promise.resolve();

  constructor(genesis = repositoryGenesis) {
    this.#genesis = genesis;
  }

  /** Makes the repository where there is none, see `initializeRepository`. What succeeded once is not looked at again. */
  async ensure(site: RepositorySite, options: CallOptions): Promise<RepositoryInitialization> {
    const name = nameOf(site);
    const known = this.#done.get(name);
    if (known !== undefined) return success(known);
    const outcome = await initializeRepository(site, options, this.#oneAtATime);
    if (outcome.ok) this.#done.set(name, outcome.value);
    return outcome;
  }

  /** Each derivation takes 32 MiB and a thread that name resolution needs too. */
  readonly #oneAtATime: typeof repositoryGenesis = (origin) => {
    const derivation = this.#lastDerivation.then(() => this.#genesis(origin));
    this.#lastDerivation = derivation.catch(() => undefined);
    return derivation;
  };
}

const nameOf = ({ destination, repositoryPath, password }: RepositorySite): string =>
  createHash('sha256')
    .update(JSON.stringify([destination.description, repositoryPath, password]))
    .digest('base64');
