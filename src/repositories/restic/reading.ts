import type { UnknownReason } from '../../destinations/outcome.ts';
import type { Snapshot } from './snapshot.ts';

/** A snapshot that the repository lists but that cannot be read back as it was written. */
export type DamagedSnapshot = { readonly id: string; readonly message: string };

/** Why a repository could not be read, besides the reasons of the destination. */
export type RepositoryUnknownReason = UnknownReason | 'WrongPassword' | 'Damaged' | 'Unsupported';

/**
 * What a repository holds.
 *
 * - `read`: at least one snapshot is listed. `snapshots` are the readable ones, oldest first; `damaged` the others.
 * - `empty`: initialised, the password fits, and there is certainly no snapshot.
 * - `absent`: there is certainly no repository: no config, no keys, no snapshots.
 * - `unknown`: none of these can be said.
 */
export type RepositoryReading =
  | { readonly kind: 'read'; readonly snapshots: readonly Snapshot[]; readonly damaged: readonly DamagedSnapshot[] }
  | { readonly kind: 'empty' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: RepositoryUnknownReason; readonly message: string };

/** What two snapshots' trees say of each other. */
export type TreeAnswer =
  | { readonly kind: 'lacksNothing' }
  /** `path`: one that the newer one lacks, from the top of the volume, at most 200 characters. */
  | { readonly kind: 'lacksSome'; readonly path: string }
  /** Too much to compare, or damaged: to ask again is of no use. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The store did not answer. */
  | { readonly kind: 'failed'; readonly reason: RepositoryUnknownReason; readonly message: string };
