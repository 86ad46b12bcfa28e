import { createHash } from 'node:crypto';
import type { Destination } from '../../destinations/destination.ts';
import { openKeyFile, type KeyFileReading } from './key-file.ts';
import { LruMap } from './lru-map.ts';
import type { TreeAnswer } from './reading.ts';
import type { SealKey } from './sealed-box.ts';
import type { Snapshot } from './snapshot.ts';

export type RepositoryCacheOptions = {
  /** The default is 20,000, some 15 MB. */
  readonly maximumSnapshots?: number;
  /** The default is 20,000, some 10 MB. */
  readonly maximumKeys?: number;
};

/** Names an opening of a repository: the place and the password, which is kept as a hash. */
export type RepositoryOpening = {
  readonly destination: Pick<Destination, 'description'>;
  readonly repositoryPath: string;
  readonly password: string;
};

/** Remembers in memory what reading repositories cost CPU or requests. Share one in a process. */
export interface RepositoryCache {
  /** Snapshots by id, which is the hash of the encrypted file. Use one only after the repository was opened. */
  readonly snapshots: LruMap<string, Snapshot>;
  /** What comparing two snapshots' trees gave, by their ids. */
  readonly treeAnswers: LruMap<string, TreeAnswer>;
  /** The key that opened the repository last. It is out of date when the repository was made anew since. */
  masterKey(opening: RepositoryOpening): SealKey | undefined;
  /**
   * Opens a key file of the repository and remembers the master key, whether the caller still waits or not. One at a time:
   * each takes 64 MiB, and a thread that name resolution needs too.
   */
  openKeyFile(opening: RepositoryOpening, keyName: string, bytes: Uint8Array): Promise<KeyFileReading>;
}

const DEFAULT_ENTRIES = 20_000;
const MAXIMUM_TREE_ANSWERS = 1_000;

const nameOf = ({ destination, repositoryPath, password }: RepositoryOpening): string =>
  createHash('sha256')
    .update(JSON.stringify([destination.description, repositoryPath, password]))
    .digest('base64');

export const createRepositoryCache = (options: RepositoryCacheOptions = {}): RepositoryCache => {
  const keys = new LruMap<string, SealKey>(options.maximumKeys ?? DEFAULT_ENTRIES);
  const underWay = new Map<string, Promise<KeyFileReading>>();
  let lastDerivation: Promise<unknown> = Promise.resolve();

  const derive = async (opening: RepositoryOpening, bytes: Uint8Array): Promise<KeyFileReading> => {
    const reading = await openKeyFile(bytes, opening.password);
    if (reading.kind === 'opened') keys.set(nameOf(opening), reading.key);
    return reading;
  };

  return {
    snapshots: new LruMap(options.maximumSnapshots ?? DEFAULT_ENTRIES),
    treeAnswers: new LruMap(MAXIMUM_TREE_ANSWERS),
    masterKey: (opening) => keys.get(nameOf(opening)),
    openKeyFile(opening, keyName, bytes) {
      const name = `${nameOf(opening)} ${keyName}`;
      const known = underWay.get(name);
      if (known !== undefined) return known;
      const derivation = lastDerivation.then(() => derive(opening, bytes)).finally(() => underWay.delete(name));
      lastDerivation = derivation.catch(() => undefined);
      underWay.set(name, derivation);
      return derivation;
    },
  };
};
