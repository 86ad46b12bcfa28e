import type { CallOptions, Destination } from '../../destinations/destination.ts';
import { failure, success, type Outcome } from '../../destinations/outcome.ts';
import { configKey, isKeyId, keysPrefix } from '../../destinations/repository-files.ts';
import { stepsWithin } from '../../destinations/time-limit.ts';
import { type RepositoryGenesis, repositoryGenesis } from './repository-genesis.ts';

/** The repository to be, and its password. */
export interface RepositorySite {
  readonly destination: Destination;
  /** Relative to the destination's prefix. */
  readonly repositoryPath: string;
  readonly password: string;
}

/**
 * What has become of an initialisation. `made`: the repository is there now, by this call or another one of its kind.
 * `found`: another program makes or has made it; it is left as it is.
 */
export type RepositoryInitialization = Outcome<'made' | 'found'>;

type Step = () => CallOptions;

/** What lies at the repository's path. `begun`: a config, but neither a key nor a snapshot. */
type Ground =
  { readonly kind: 'empty' } | { readonly kind: 'taken' } | { readonly kind: 'begun'; readonly config: Uint8Array };

async function survey({ destination, repositoryPath }: RepositorySite, step: Step): Promise<Outcome<Ground>> {
  const prefix = keysPrefix(repositoryPath);
  const [config, keys, snapshots] = await Promise.all([
    destination.read(configKey(repositoryPath), step()),
    destination.list(prefix, step()),
    destination.probe(repositoryPath, step()),
  ]);
  if (!config.ok) return config;
  if (!keys.ok) return keys;
  if (snapshots.kind === 'unknown') return failure(snapshots.reason, snapshots.message);
  const hasKeys = keys.value.some((entry) => isKeyId(entry.key.slice(prefix.length)));
  if (hasKeys || snapshots.kind === 'exists') return success({ kind: 'taken' });
  return success(config.value === undefined ? { kind: 'empty' } : { kind: 'begun', config: config.value });
}

async function genesisOf(
  site: RepositorySite,
  derive: typeof repositoryGenesis,
  step: Step,
): Promise<Outcome<RepositoryGenesis>> {
  const { destination, repositoryPath, password } = site;
  const identity = await destination.identity(step());
  if (identity.kind === 'unknown') return failure(identity.reason, identity.message);
  if (identity.kind === 'missing') return failure('NotInitialized', `${destination.description} has no identity`);
  return success(await derive({ destinationId: identity.identity.id, repositoryPath, password }));
}

async function hasOurConfig(site: RepositorySite, ours: Buffer, step: Step): Promise<Outcome<boolean>> {
  const config = await site.destination.read(configKey(site.repositoryPath), step());
  return config.ok ? success(config.value !== undefined && ours.equals(config.value)) : config;
}

/**
 * The config comes first: whoever finds it leaves the repository alone, restic too. And it is looked at once more in the
 * end: a restic that had looked before replaces it without asking, and a key that does not open the config must not stay.
 */
async function write(site: RepositorySite, genesis: RepositoryGenesis, step: Step): Promise<RepositoryInitialization> {
  const { destination, repositoryPath } = site;
  const created = await destination.createRepositoryFile(repositoryPath, { file: 'config' }, genesis.config, step());
  if (!created.ok) return created;
  const before = created.value ? success(true) : await hasOurConfig(site, genesis.config, step);
  if (!before.ok) return before;
  if (!before.value) return success('found');
  const { id, bytes } = genesis.key;
  const written = await destination.createRepositoryFile(repositoryPath, { file: 'key', id }, bytes, step());
  if (!written.ok) return written;
  const after = await hasOurConfig(site, genesis.config, step);
  if (!after.ok) return after;
  if (after.value) return success('made');
  const aside = await destination.setKeyAside(repositoryPath, id, step());
  return aside.ok ? success('found') : aside;
}

/**
 * Makes an empty restic repository where there is none: certainly no config, no key and no snapshot. What another program
 * has made is left alone. May be called again, and by several at the same time: all write the same bytes.
 */
export async function initializeRepository(
  site: RepositorySite,
  options: CallOptions,
  derive = repositoryGenesis,
): Promise<RepositoryInitialization> {
  const step = stepsWithin(options);
  const ground = await survey(site, step);
  if (!ground.ok) return ground;
  if (ground.value.kind === 'taken') return success('found');
  const genesis = await genesisOf(site, derive, step);
  if (!genesis.ok) return genesis;
  const isAnothers = ground.value.kind === 'begun' && !genesis.value.config.equals(ground.value.config);
  return isAnothers ? success('found') : await write(site, genesis.value, step);
}
