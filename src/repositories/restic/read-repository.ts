import type { CallOptions, Destination } from '../../destinations/destination.ts';
import { snapshotIdOf, snapshotsPrefix } from '../../destinations/snapshot-listing.ts';
import { stepsWithin } from '../../destinations/time-limit.ts';
import { openRepository, type OpenedRepository, type RepositoryAccess, type Step } from './open-repository.ts';
import type { DamagedSnapshot, RepositoryReading } from './reading.ts';
import type { RepositoryCache } from './repository-cache.ts';
import type { SealKey } from './sealed-box.ts';
import { byTime, parseSnapshot, takenBefore } from './snapshot-file.ts';
import type { Snapshot } from './snapshot.ts';
import { isNamedByHash, readSealedJson } from './stored-file.ts';

export type ReadRepositoryOptions = CallOptions & { readonly cache: RepositoryCache };

type UnknownReading = Extract<RepositoryReading, { kind: 'unknown' }>;

/** What a look for one snapshot's record gave. */
export type SnapshotReading =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'damaged'; readonly damaged: DamagedSnapshot; readonly isSealed: boolean }
  | { readonly kind: 'gone'; readonly id: string }
  | UnknownReading;

type Listing =
  | {
      readonly kind: 'listed';
      readonly ids: readonly string[];
      /** When the store got each of them, by its own clock. */
      readonly storedMilliseconds: ReadonlyMap<string, number>;
    }
  | UnknownReading;

const CONCURRENT_READS = 8;

const listSnapshots = async ({ destination, repositoryPath }: RepositoryAccess, step: Step): Promise<Listing> => {
  const prefix = snapshotsPrefix(repositoryPath);
  const entries = await destination.list(prefix, step());
  if (!entries.ok) return { kind: 'unknown', reason: entries.reason, message: entries.message };
  const objects = entries.value.filter((entry) => entry.key !== prefix);
  const found = objects.flatMap((entry) => {
    const id = snapshotIdOf(entry, prefix);
    return id === undefined ? [] : [[id, Date.parse(entry.modifiedAt)] as const];
  });
  const ids = found.map(([id]) => id);
  if (ids.length > 0 || objects[0] === undefined) return { kind: 'listed', ids, storedMilliseconds: new Map(found) };
  const message = `${destination.description} lists objects under ${prefix} that are no snapshots, such as ${objects[0].key}`;
  return { kind: 'unknown', reason: 'BadResponse', message };
};

const damaged = (id: string, message: string, isSealed = false): SnapshotReading => ({
  kind: 'damaged',
  damaged: { id, message: `snapshot ${id} can't be used: ${message}` },
  isSealed,
});

const understand = (id: string, key: SealKey, bytes: Uint8Array): SnapshotReading => {
  const file = readSealedJson(key, bytes);
  if (file.kind === 'sealed') return damaged(id, "it is not sealed with the repository's key", true);
  if (file.kind === 'damaged') return damaged(id, file.message);
  const snapshot = parseSnapshot(id, file.value);
  return snapshot === undefined ? damaged(id, 'it is not a snapshot record') : { kind: 'snapshot', snapshot };
};

/** Reads and checks one snapshot file. One whose hash is wrong is read again: the fault may be on the way. */
const readSnapshot = async (
  access: RepositoryAccess,
  id: string,
  key: SealKey,
  step: Step,
): Promise<SnapshotReading> => {
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const bytes = await access.destination.read(`${snapshotsPrefix(access.repositoryPath)}${id}`, step());
    if (!bytes.ok) return { kind: 'unknown', reason: bytes.reason, message: bytes.message };
    if (bytes.value === undefined) return { kind: 'gone', id };
    if (isNamedByHash(id, bytes.value)) return understand(id, key, bytes.value);
  }
  return damaged(id, 'its content was changed: it does not have the hash that names it');
};

/** Reads the record of one snapshot, if it is not known already. */
export const readSnapshotRecord = async (
  access: RepositoryAccess,
  id: string,
  key: SealKey,
  step: Step,
): Promise<SnapshotReading> => {
  const known = access.cache.snapshots.get(id);
  if (known !== undefined) return { kind: 'snapshot', snapshot: known };
  const reading = await readSnapshot(access, id, key, step);
  if (reading.kind === 'snapshot') access.cache.snapshots.set(id, reading.snapshot);
  return reading;
};

/** Reads all of them, a few at a time; stops at the first that the store can't answer for. */
const readSnapshots = async (
  access: RepositoryAccess,
  ids: readonly string[],
  key: SealKey,
  step: Step,
): Promise<readonly SnapshotReading[]> => {
  const readings: SnapshotReading[] = [];
  const waiting = ids.values();
  const reader = async (): Promise<void> => {
    for (const id of waiting) {
      if (readings.some((reading) => reading.kind === 'unknown')) return;
      readings.push(await readSnapshotRecord(access, id, key, step));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, reader));
  return readings;
};

/** Those that were listed and then were gone, and are listed still: the store contradicts itself. */
const stillListed = async (
  access: RepositoryAccess,
  readings: readonly SnapshotReading[],
  step: Step,
): Promise<readonly DamagedSnapshot[] | UnknownReading> => {
  const gone = readings.flatMap((reading) => (reading.kind === 'gone' ? [reading.id] : []));
  if (gone.length === 0) return [];
  const again = await listSnapshots(access, step);
  if (again.kind === 'unknown') return again;
  return gone
    .filter((id) => again.ids.includes(id))
    .map((id) => ({ id, message: `snapshot ${id} can't be used: it is listed, but not there` }));
};

const withoutSnapshots = (opened: OpenedRepository): RepositoryReading =>
  opened.kind === 'opened' ? { kind: 'empty' } : opened;

const conclude = async (
  access: RepositoryAccess,
  readings: readonly SnapshotReading[],
  step: Step,
): Promise<RepositoryReading> => {
  const unanswered = readings.find((reading) => reading.kind === 'unknown');
  if (unanswered !== undefined) return unanswered;
  const contradictions = await stillListed(access, readings, step);
  if ('kind' in contradictions) return contradictions;
  const snapshots = readings.flatMap((reading) => (reading.kind === 'snapshot' ? [reading.snapshot] : []));
  const bad = readings.flatMap((reading) => (reading.kind === 'damaged' ? [reading.damaged] : []));
  const allBad = [...bad, ...contradictions].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (snapshots.length > 0) return { kind: 'read', snapshots: snapshots.sort(byTime), damaged: allBad };
  if (allBad[0] === undefined) return withoutSnapshots(await openRepository(access, step));
  const message = `none of the ${allBad.length} snapshots of ${access.repositoryPath} can be read: ${allBad[0].message}`;
  return { kind: 'unknown', reason: 'Damaged', message };
};

const isSealed = (reading: SnapshotReading): boolean => reading.kind === 'damaged' && reading.isSealed;

/** Reads the snapshots with the remembered key. `undefined`: there is none, or it does not fit all of them. */
const readWithKnownKey = async (
  access: RepositoryAccess,
  ids: readonly string[],
  step: Step,
): Promise<readonly SnapshotReading[] | undefined> => {
  const key = access.cache.masterKey(access);
  if (key === undefined) return undefined;
  const readings = await readSnapshots(access, ids, key, step);
  return readings.some(isSealed) ? undefined : readings;
};

const readListed = async (access: RepositoryAccess, ids: readonly string[], step: Step): Promise<RepositoryReading> => {
  const known = await readWithKnownKey(access, ids, step);
  if (known !== undefined) return conclude(access, known, step);
  const opened = await openRepository(access, step);
  if (opened.kind === 'absent') {
    const name = `repository ${access.repositoryPath} in ${access.destination.description}`;
    return { kind: 'unknown', reason: 'Damaged', message: `${name} has snapshots, but its config and keys are gone` };
  }
  if (opened.kind === 'unknown') return opened;
  return conclude(access, await readSnapshots(access, ids, opened.key, step), step);
};

/**
 * Reads which snapshots a restic repository (format 1 or 2) holds, without restic, without locking or changing anything.
 * What is already in the cache costs no request: a repository without news costs one listing.
 */
export const readRepository = async (
  destination: Destination,
  repositoryPath: string,
  password: string,
  options: ReadRepositoryOptions,
): Promise<RepositoryReading> => {
  const { cache, ...limits } = options;
  const access: RepositoryAccess = { destination, repositoryPath, password, cache };
  const step = stepsWithin(limits);
  const listing = await listSnapshots(access, step);
  if (listing.kind === 'unknown') return listing;
  if (listing.ids.length === 0) return withoutSnapshots(await openRepository(access, step));
  const reading = await readListed(access, listing.ids, step);
  if (reading.kind !== 'read') return reading;
  const { storedMilliseconds } = listing;
  const snapshots = reading.snapshots.map((one) => takenBefore(one, storedMilliseconds.get(one.id))).sort(byTime);
  return { ...reading, snapshots };
};
