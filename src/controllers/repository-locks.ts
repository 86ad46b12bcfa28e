import { decideLocks, holderOf, type LockPurpose, type RepositoryLock } from '../domain/repository-lock.ts';
import { readLocks } from '../repositories/restic/read-locks.ts';
import type { RepositoryCache } from '../repositories/restic/repository-cache.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS, tell } from './context.ts';
import type { RepositoryAccess } from '../repositories/access.ts';

/** Whose repository is looked at, and what for. */
export interface LockLook {
  readonly claim: PersistentVolumeClaim;
  readonly access: RepositoryAccess;
  readonly purpose: LockPurpose;
}

/** Whether the repository is free, or what is in the way. */
export type LockState =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'locked';
      readonly message: string;
      readonly needsPerson: boolean;
      readonly lookAgainMilliseconds: number;
    }
  /** The destination could not be asked, or does not let the lock of a dead process be removed. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

/** Looks who locks a claim's repository, and removes what the dead have left. Never throws for what the destination does. */
export async function clearLocks(
  context: ControllerContext,
  cache: RepositoryCache,
  { claim, access, purpose }: LockLook,
): Promise<LockState> {
  const { destination, path: repositoryPath, password } = access;
  // Nothing locks a restore out of what is not there, and its choice of a snapshot tells what that means; a backup has failed.
  const reading = await readLocks(
    { destination, repositoryPath, password, cache },
    { ...options, mustExist: purpose === 'backup' },
  );
  if (reading.kind === 'unknown') return reading;
  if (reading.kind === 'absent') return { kind: 'unknown', reason: 'Damaged', message: reading.message };
  const { locks } = reading;
  const { stale, verdict } = decideLocks({ locks, purpose, repositoryPath, nowMilliseconds: context.now() });
  for (const lock of stale) {
    const removed = await destination.removeLock(repositoryPath, lock.id, options);
    if (removed.ok) sayRemoved(context, claim, repositoryPath, lock);
    else if (removed.reason !== 'AccessDenied' || isInTheWay(lock, purpose))
      return { kind: 'unknown', reason: removed.reason, message: leftBehind(repositoryPath, removed) };
  }
  return verdict.kind === 'free' ? verdict : { ...verdict, kind: 'locked' };
}

/** A key that may delete nothing leaves the locks of all backups, which keep no restore out. */
const isInTheWay = ({ exclusive }: RepositoryLock, purpose: LockPurpose): boolean => exclusive || purpose === 'backup';

const leftBehind = (repositoryPath: string, why: { readonly message: string }): string =>
  `repository ${repositoryPath} is locked by a dead process, and its lock can't be removed: ${why.message}`;

function sayRemoved(
  context: ControllerContext,
  claim: PersistentVolumeClaim,
  repositoryPath: string,
  lock: RepositoryLock,
): void {
  const kind = lock.exclusive ? 'exclusive lock' : 'lock';
  const message = `Removed the ${kind} ${lock.id.slice(0, 8)} of repository ${repositoryPath}: its holder is dead (${holderOf(lock)}).`;
  context.log.info({ repositoryPath, lockId: lock.id, holder: lock.holder }, 'a stale lock was removed');
  tell(context, claim, 'StaleLockRemoved', message);
}
