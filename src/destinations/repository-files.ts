import type { CallOptions } from './destination.ts';
import type { ObjectStore } from './object-store.ts';
import { success, type Outcome } from './outcome.ts';

/** A file that makes a folder a restic repository: its config, or one of its keys. */
export type RepositoryFile = { readonly file: 'config' } | { readonly file: 'key'; readonly id: string };

const KEY_ID = /^[0-9a-f]{64}$/;
const REMOVED_KEYS = '.rebound/removed-keys';

const checkedId = (id: string): string => {
  if (!KEY_ID.test(id)) throw new RangeError(`not the id of a key: ${JSON.stringify(id)}`);
  return id;
};

/** Whether a name is one that restic gives to a key; it ignores all others. */
export const isKeyId = (name: string): boolean => KEY_ID.test(name);

export const configKey = (repositoryPath: string): string => `${repositoryPath}/config`;

/** The folder of a repository's keys. */
export const keysPrefix = (repositoryPath: string): string => `${repositoryPath}/keys/`;

/**
 * The key of such a file in the store.
 * @throws RangeError when the id is not that of a key.
 */
export const repositoryFileKey = (repositoryPath: string, file: RepositoryFile): string =>
  file.file === 'config' ? configKey(repositoryPath) : keysPrefix(repositoryPath) + checkedId(file.id);

/** Where the copy of a key lies that was taken out of its repository. */
export const removedKeyKey = (repositoryPath: string, id: string): string =>
  `${REMOVED_KEYS}/${repositoryPath}/${checkedId(id)}`;

/** Takes a key out of its repository, after its copy lies where nobody looks for keys. One that is gone is no failure. */
export async function setKeyAside(
  store: ObjectStore,
  { repositoryPath, id }: { readonly repositoryPath: string; readonly id: string },
  step: () => CallOptions,
): Promise<Outcome<undefined>> {
  const key = repositoryFileKey(repositoryPath, { file: 'key', id });
  const bytes = await store.read(key, step());
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return success(undefined);
  const copied = await store.write(removedKeyKey(repositoryPath, id), bytes.value, step());
  return copied.ok ? store.remove(key, step()) : copied;
}
