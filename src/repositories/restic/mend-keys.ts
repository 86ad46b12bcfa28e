import type { CallOptions } from '../../destinations/destination.ts';
import { failure, success, type Outcome } from '../../destinations/outcome.ts';
import { configKey, isKeyId, keysPrefix } from '../../destinations/repository-files.ts';
import { stepsWithin } from '../../destinations/time-limit.ts';
import type { RepositorySite } from './initialize-repository.ts';
import { openKeyFile } from './key-file.ts';
import type { SealKey } from './sealed-box.ts';
import { isNamedByHash, readSealedJson } from './stored-file.ts';

type Step = () => CallOptions;

/** More than this many keys are nobody's accident. */
const MAXIMUM_KEYS = 20;

/** Whether a key opens a repository's config, so that it is the repository's own. */
export const opensConfig = (key: SealKey, config: Uint8Array): boolean => readSealedJson(key, config).kind === 'json';

/** What a key of the repository is good for: `stray` is one that the password opens, and that does not open the config. */
type KeyFit = 'fits' | 'stray' | 'anothers';

async function fitOf(site: RepositorySite, id: string, config: Uint8Array, step: Step): Promise<Outcome<KeyFit>> {
  const { destination, repositoryPath, password } = site;
  const bytes = await destination.read(keysPrefix(repositoryPath) + id, step());
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined || !isNamedByHash(id, bytes.value)) return success('anothers');
  const reading = await openKeyFile(bytes.value, password);
  if (reading.kind !== 'opened') return success('anothers');
  return success(opensConfig(reading.key, config) ? 'fits' : 'stray');
}

async function strayKeys(site: RepositorySite, step: Step): Promise<Outcome<readonly string[]>> {
  const { destination, repositoryPath } = site;
  const prefix = keysPrefix(repositoryPath);
  const keys = await destination.list(prefix, step());
  if (!keys.ok) return keys;
  const ids = keys.value.map((entry) => entry.key.slice(prefix.length)).filter(isKeyId);
  if (ids.length < 2 || ids.length > MAXIMUM_KEYS) return success([]);
  const config = await destination.read(configKey(repositoryPath), step());
  if (!config.ok) return config;
  if (config.value === undefined) return failure('BadResponse', `repository ${repositoryPath} has no config`);
  const fits = new Map<string, KeyFit>();
  for (const id of ids) {
    const fit = await fitOf(site, id, config.value, step);
    if (!fit.ok) return fit;
    fits.set(id, fit.value);
  }
  const isSafe = [...fits.values()].includes('fits');
  return success(isSafe ? ids.filter((id) => fits.get(id) === 'stray') : []);
}

/**
 * Takes keys out of a repository that its password opens, and that do not open its config: two programs had initialised it at
 * the same time, and restic, which takes the first key that the password opens, says "ciphertext verification failed" for
 * ever. Nothing is done unless another key opens the config; what is taken out lies in `.rebound/removed-keys`.
 *
 * @returns the ids of the keys that were taken out.
 */
export async function mendKeys(site: RepositorySite, options: CallOptions): Promise<Outcome<readonly string[]>> {
  const step = stepsWithin(options);
  const stray = await strayKeys(site, step);
  if (!stray.ok) return stray;
  for (const id of stray.value) {
    const aside = await site.destination.setKeyAside(site.repositoryPath, id, step());
    if (!aside.ok) return aside;
  }
  return stray;
}
