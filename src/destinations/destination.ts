import type { DestinationIdentity } from './identity.ts';
import type { Outcome, UnknownReason } from './outcome.ts';
import type { RepositoryFile } from './repository-files.ts';
import type { StoreSurvey } from './store-survey.ts';

/** The time limit covers the whole call: waiting for a connection, the request, and the last byte of the answer. */
export type CallOptions = { readonly timeoutMilliseconds: number; readonly signal?: AbortSignal };

/** An answer that is neither yes nor no. */
type Unknown = { readonly kind: 'unknown'; readonly reason: UnknownReason; readonly message: string };

export type ProbeResult = { readonly kind: 'exists' } | { readonly kind: 'none' } | Unknown;

export type IdentityReading =
  { readonly kind: 'known'; readonly identity: DestinationIdentity } | { readonly kind: 'missing' } | Unknown;

/** What {@link Destination.initialize} found or made. */
type Initialization = { readonly identity: DestinationIdentity; readonly created: boolean };

/** An object of the store. The key is relative to the destination's prefix. */
export type ObjectEntry = { readonly key: string; readonly sizeBytes: number; readonly modifiedAt: string };

export type ListOptions = CallOptions & {
  /** The call fails with `TooLarge` when the store holds more; the default is 100,000. */
  readonly maximumEntries?: number;
};

export type ReadOptions = CallOptions & {
  /** The call fails with `TooLarge` when the object is bigger; the default is 16 MiB. */
  readonly maximumBytes?: number;
  /** Only these bytes; the call fails with `BadResponse` when the object does not have them all. */
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
};

/**
 * A place where backups live. Keys and repository paths are relative to the destination's prefix and never start or end
 * with a slash; see `layout.ts`. No method throws for what the store does.
 *
 * Every answer but those of `identity`, `survey` and `initialize` holds for the destination with the expected identity only: where
 * the store's own identity was not seen to be the expected one, the answer is `WrongIdentity`, `IdentityMissing`,
 * `NotInitialized` or the reason why it could not be seen. So a wrong, emptied or exchanged store reads as unknown.
 */
export interface Destination {
  /** Names the store in messages: where it is and which part of it, without credentials. */
  readonly description: string;

  /** Says whether the repository holds a snapshot. Only a certain, complete, empty listing is `none`. */
  probe(repositoryPath: string, options: CallOptions): Promise<ProbeResult>;

  /** Reads which destination this store is. `missing` is certain: the store answered that it has no identity. */
  identity(options: CallOptions): Promise<IdentityReading>;

  /** Looks through the store, whatever its identity, for what tells whose it is. */
  survey(options: CallOptions): Promise<Outcome<StoreSurvey>>;

  /** Gives the store this identity if it has none. Returns the one that it has afterwards, which can be another. */
  initialize(identity: DestinationIdentity, options: CallOptions): Promise<Outcome<Initialization>>;

  /** Confirms that the store has the expected identity, by a reading no older than the guard allows. */
  verifyIdentity(options: CallOptions): Promise<Outcome<undefined>>;

  /** All objects whose key starts with `prefix`, in key order; complete or a failure. */
  list(prefix: string, options: ListOptions): Promise<Outcome<readonly ObjectEntry[]>>;

  /** The bytes of an object; `undefined` when it certainly does not exist. */
  read(key: string, options: ReadOptions): Promise<Outcome<Uint8Array | undefined>>;

  /** Creates or replaces a small object. */
  write(key: string, bytes: Uint8Array, options: CallOptions): Promise<Outcome<undefined>>;

  /**
   * Removes a lock of a restic repository; one that is gone already is no failure. Besides locks, only keys that were copied
   * can be deleted through this interface.
   * @throws RangeError when the id is not that of a lock.
   */
  removeLock(repositoryPath: string, lockId: string, options: CallOptions): Promise<Outcome<undefined>>;

  /**
   * Creates the config or a key of a restic repository, atomically where the store can. `false`: there is one already,
   * untouched.
   * @throws RangeError when the id is not that of a key.
   */
  createRepositoryFile(
    repositoryPath: string,
    file: RepositoryFile,
    bytes: Uint8Array,
    options: CallOptions,
  ): Promise<Outcome<boolean>>;

  /**
   * Takes a key out of a restic repository, after a copy of it lies in `.rebound/removed-keys/<repository>/<id>`; one that is
   * gone already is no failure.
   * @throws RangeError when the id is not that of a key.
   */
  setKeyAside(repositoryPath: string, keyId: string, options: CallOptions): Promise<Outcome<undefined>>;

  /** Ends all connections. Calls under way fail. */
  close(): Promise<void>;
}
