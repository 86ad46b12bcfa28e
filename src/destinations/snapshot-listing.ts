import type { CallOptions, ObjectEntry } from './destination.ts';
import type { ObjectStore } from './object-store.ts';
import { failure, success, type Failure, type Outcome } from './outcome.ts';
import { stepsWithin } from './time-limit.ts';

const PROBE_MAXIMUM_PAGES = 10;
// One more than the answer needs: some stores list an object that stands for the folder itself, and list it first.
const PROBE_KEYS = 2;

/** The folder of a repository's snapshots; restic writes a snapshot there after all of its data. */
export const snapshotsPrefix = (repositoryPath: string): string => `${repositoryPath}/snapshots/`;

const SNAPSHOT_NAME = /^[0-9a-f]{64}$/;

/** The snapshot id that an object's key under `prefix` names; `undefined` when it is not a snapshot. */
export const snapshotIdOf = (entry: ObjectEntry, prefix: string): string | undefined => {
  const name = entry.key.slice(prefix.length);
  return SNAPSHOT_NAME.test(name) ? name : undefined;
};

const isFolderItself = (entry: ObjectEntry, prefix: string): boolean => entry.key === prefix && entry.sizeBytes === 0;

const unclear = (store: string, prefix: string, foreignKey: string | undefined): Failure => {
  const what = foreignKey === undefined ? 'pages without keys' : `objects that are no snapshots, such as ${foreignKey}`;
  return failure('BadResponse', `${store} lists ${what} under ${prefix}: whether a backup exists is unclear`);
};

type PageVerdict = { readonly found: boolean; readonly foreignKey?: string };

const judgePage = (entries: readonly ObjectEntry[], prefix: string): PageVerdict => {
  const objects = entries.filter((entry) => !isFolderItself(entry, prefix));
  if (objects.some((entry) => snapshotIdOf(entry, prefix) !== undefined)) return { found: true };
  return { found: false, ...(objects[0] === undefined ? {} : { foreignKey: objects[0].key }) };
};

/**
 * Whether the store lists a snapshot of the repository. `false` only for a complete listing without any object; a folder
 * that holds something, but nothing like a snapshot, is a failure.
 */
export const hasSnapshot = async (
  store: Pick<ObjectStore, 'listPage' | 'description'>,
  repositoryPath: string,
  options: CallOptions,
): Promise<Outcome<boolean>> => {
  const prefix = snapshotsPrefix(repositoryPath);
  const step = stepsWithin({ ...options, maximumKeys: PROBE_KEYS });
  let page = await store.listPage(prefix, step());
  let foreignKey: string | undefined;
  for (let pages = 1; page.ok; pages += 1) {
    const verdict = judgePage(page.value.entries, prefix);
    if (verdict.found) return success(true);
    foreignKey ??= verdict.foreignKey;
    const continuation = page.value.next;
    if (continuation === undefined && foreignKey === undefined) return success(false);
    if (continuation === undefined || pages === PROBE_MAXIMUM_PAGES)
      return unclear(store.description, prefix, foreignKey);
    page = await store.listPage(prefix, { ...step(), continuation });
  }
  return page;
};
