import { z } from 'zod';
import type { RepositoryLock } from '../../domain/repository-lock.ts';
import type { ObjectEntry } from '../../destinations/destination.ts';
import { isLockId, locksPrefix } from '../../destinations/lock-file.ts';
import { success, type Failure, type Outcome } from '../../destinations/outcome.ts';
import { configKey } from '../../destinations/repository-files.ts';
import { stepsWithin } from '../../destinations/time-limit.ts';
import { openRepository, type RepositoryAccess, type Step } from './open-repository.ts';
import type { RepositoryUnknownReason } from './reading.ts';
import type { SealKey } from './sealed-box.ts';
import { isNamedByHash, readSealedJson } from './stored-file.ts';

/** The locks of a repository, or why they can't be told. */
export type LocksReading =
  | { readonly kind: 'read'; readonly locks: readonly RepositoryLock[] }
  /** There is neither a lock nor a repository that must exist, as in a store that was emptied. */
  | { readonly kind: 'absent'; readonly message: string }
  | { readonly kind: 'unknown'; readonly reason: RepositoryUnknownReason; readonly message: string };

const CONCURRENT_READS = 8;

// Field names of restic 0.18, internal/restic/lock.go.
const lockFile = z.object({
  time: z.iso.datetime({ offset: true }),
  exclusive: z.boolean(),
  hostname: z.string().default('an unnamed host'),
  pid: z.int().default(0),
});

const storedTime = z.iso.datetime({ offset: true });

/** What the store's listing says of a lock, before it is read. */
interface ListedLock {
  readonly id: string;
  readonly key: string;
  readonly modifiedMilliseconds?: number;
}

function listedLock(entry: ObjectEntry, prefix: string): ListedLock[] {
  const id = entry.key.slice(prefix.length);
  // restic ignores an empty lock: its upload broke off.
  if (!isLockId(id) || entry.sizeBytes === 0) return [];
  const modified = storedTime.safeParse(entry.modifiedAt);
  const time = modified.success ? { modifiedMilliseconds: Date.parse(modified.data) } : {};
  return [{ id, key: entry.key, ...time }];
}

function understand({ key: _key, ...listed }: ListedLock, key: SealKey, bytes: Uint8Array): RepositoryLock {
  const file = isNamedByHash(listed.id, bytes) ? readSealedJson(key, bytes) : undefined;
  const parsed = lockFile.safeParse(file?.kind === 'json' ? file.value : undefined);
  if (!parsed.success) return { ...listed, exclusive: true };
  const { time, exclusive, hostname, pid } = parsed.data;
  return { ...listed, timeMilliseconds: Date.parse(time), exclusive, holder: { hostname, pid } };
}

/** All that are still there, a few at a time; stops at the first that the store can't answer for. */
async function readListed(
  access: RepositoryAccess,
  listed: readonly ListedLock[],
  key: SealKey,
  step: Step,
): Promise<Outcome<readonly RepositoryLock[]>> {
  const locks: RepositoryLock[] = [];
  let failed: Failure | undefined;
  const waiting = listed.values();
  const reader = async (): Promise<void> => {
    for (const one of waiting) {
      if (failed !== undefined) return;
      const bytes = await access.destination.read(one.key, step());
      if (!bytes.ok) failed = bytes;
      else if (bytes.value !== undefined) locks.push(understand(one, key, bytes.value));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, reader));
  return failed ?? success(locks);
}

const nameOf = ({ repositoryPath, destination }: RepositoryAccess): string =>
  `repository ${repositoryPath} in ${destination.description}`;

async function withoutLocks(access: RepositoryAccess, step: Step): Promise<LocksReading> {
  const config = await access.destination.read(configKey(access.repositoryPath), step());
  if (!config.ok) return { kind: 'unknown', reason: config.reason, message: config.message };
  if (config.value === undefined) return { kind: 'absent', message: `${nameOf(access)} is not there` };
  return { kind: 'read', locks: [] };
}

/**
 * Reads who works on a restic repository, or died doing so. A repository without locks costs one listing, and its config where
 * it matters whether it is there. A lock that can't be read is reported as an exclusive one without a time, as restic stops
 * before it.
 */
export async function readLocks(
  access: RepositoryAccess,
  options: { readonly timeoutMilliseconds: number; readonly mustExist: boolean },
): Promise<LocksReading> {
  const step = stepsWithin(options);
  const prefix = locksPrefix(access.repositoryPath);
  const entries = await access.destination.list(prefix, step());
  if (!entries.ok) return { kind: 'unknown', reason: entries.reason, message: entries.message };
  const listed = entries.value.flatMap((entry) => listedLock(entry, prefix));
  if (listed.length === 0) return options.mustExist ? await withoutLocks(access, step) : { kind: 'read', locks: [] };
  const opened = await openRepository(access, step);
  if (opened.kind === 'unknown') return opened;
  if (opened.kind === 'absent') {
    return {
      kind: 'unknown',
      reason: 'Damaged',
      message: `${nameOf(access)} has locks, but its config and keys are gone`,
    };
  }
  const locks = await readListed(access, listed, opened.key, step);
  if (!locks.ok) return { kind: 'unknown', reason: locks.reason, message: locks.message };
  return { kind: 'read', locks: locks.value };
}
