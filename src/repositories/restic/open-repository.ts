import { z } from 'zod';
import type { CallOptions, Destination, ObjectEntry } from '../../destinations/destination.ts';
import { withinLimit } from '../../destinations/time-limit.ts';
import { opensConfig } from './mend-keys.ts';
import type { RepositoryUnknownReason } from './reading.ts';
import type { RepositoryCache, RepositoryOpening } from './repository-cache.ts';
import type { SealKey } from './sealed-box.ts';
import { isNamedByHash, readSealedJson } from './stored-file.ts';

/** A repository that may be opened: where it is, its password, and what to remember. */
export type RepositoryAccess = RepositoryOpening & {
  readonly destination: Destination;
  readonly cache: RepositoryCache;
};

export type OpenedRepository =
  | { readonly kind: 'opened'; readonly key: SealKey }
  /** There is certainly neither a config nor a key. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: RepositoryUnknownReason; readonly message: string };

/** Gives the options for the next request: what is left of the time. */
export type Step = () => CallOptions;

// As many as restic itself tries.
const MAXIMUM_KEYS_TRIED = 20;
const KEY_NAME = /\/keys\/([0-9a-f]{64})$/;

const repositoryConfig = z.object({ version: z.int(), id: z.string() });

const unknown = (access: RepositoryAccess, reason: RepositoryUnknownReason, what: string): OpenedRepository => ({
  kind: 'unknown',
  reason,
  message: `repository ${access.repositoryPath} in ${access.destination.description}: ${what}`,
});

const checkConfig = (access: RepositoryAccess, config: Uint8Array, key: SealKey): OpenedRepository => {
  const file = readSealedJson(key, config);
  const parsed = repositoryConfig.safeParse(file.kind === 'json' ? file.value : undefined);
  if (!parsed.success) return unknown(access, 'Damaged', NOT_OPENED);
  const { version } = parsed.data;
  if (version === 1 || version === 2) return { kind: 'opened', key };
  return unknown(access, 'Unsupported', `its format is version ${version}; 1 and 2 are understood`);
};

type Untried = { readonly reason: RepositoryUnknownReason; readonly what: string };

type KeySearch = { readonly key: SealKey } | Untried;

const NOT_OPENED = 'its config is damaged or not sealed with its key';

const tryKey = async (access: RepositoryAccess, entry: ObjectEntry, step: Step): Promise<KeySearch> => {
  const bytes = await access.destination.read(entry.key, step());
  if (!bytes.ok) return { reason: bytes.reason, what: bytes.message };
  const name = KEY_NAME.exec(entry.key)?.[1] ?? '';
  if (bytes.value === undefined) return { reason: 'Damaged', what: `its key ${name} is listed but not there` };
  if (!isNamedByHash(name, bytes.value)) return { reason: 'Damaged', what: `its key ${name} was changed` };
  const derivation = access.cache.openKeyFile(access, name, bytes.value);
  const derived = await withinLimit(derivation, step(), `deriving the key of ${access.repositoryPath}`);
  if (!derived.ok) return { reason: derived.reason, what: derived.message };
  const reading = derived.value;
  if (reading.kind === 'opened') return { key: reading.key };
  if (reading.kind === 'damaged') return { reason: 'Damaged', what: `its key ${name}: ${reading.message}` };
  return { reason: 'WrongPassword', what: 'the password opens none of its keys' };
};

const findKey = async (
  access: RepositoryAccess,
  config: Uint8Array,
  keys: readonly ObjectEntry[],
  step: Step,
): Promise<KeySearch> => {
  const names = keys.filter((entry) => KEY_NAME.test(entry.key)).slice(0, MAXIMUM_KEYS_TRIED);
  let best: Untried = { reason: 'Damaged', what: 'it has no key' };
  for (const entry of names) {
    const found = await tryKey(access, entry, step);
    if ('key' in found && opensConfig(found.key, config)) return found;
    // Two programs may have initialised the repository at once: then one's key lies beside the other's config.
    const search: Untried = 'key' in found ? { reason: 'Damaged', what: NOT_OPENED } : found;
    // A key that could not be tried may be the right one: "wrong password" is said only when none of that kind is left.
    const isUntried = best.reason !== 'WrongPassword' && best.what !== 'it has no key';
    if (!isUntried) best = search;
  }
  return best;
};

/** The cached key if it still opens the config, else the one that the password opens. */
const keyFor = async (
  access: RepositoryAccess,
  config: Uint8Array,
  keys: readonly ObjectEntry[],
  step: Step,
): Promise<KeySearch> => {
  const cached = access.cache.masterKey(access);
  if (cached !== undefined && opensConfig(cached, config)) return { key: cached };
  return findKey(access, config, keys, step);
};

/**
 * Opens a repository: reads its config and its keys, finds its master key and checks the config with it.
 */
export const openRepository = async (access: RepositoryAccess, step: Step): Promise<OpenedRepository> => {
  const { destination, repositoryPath } = access;
  const [config, keys] = await Promise.all([
    destination.read(`${repositoryPath}/config`, step()),
    destination.list(`${repositoryPath}/keys/`, step()),
  ]);
  if (!config.ok) return { kind: 'unknown', reason: config.reason, message: config.message };
  if (!keys.ok) return { kind: 'unknown', reason: keys.reason, message: keys.message };
  if (config.value === undefined) {
    const hasKeys = keys.value.some((entry) => KEY_NAME.test(entry.key));
    return hasKeys ? unknown(access, 'Damaged', 'it has keys, but its config is gone') : { kind: 'absent' };
  }
  const search = await keyFor(access, config.value, keys.value, step);
  if (!('key' in search)) return unknown(access, search.reason, search.what);
  return checkConfig(access, config.value, search.key);
};
