const LOCK_ID = /^[0-9a-f]{64}$/;

/** The folder of a repository's locks: one file for each process that works on it. */
export const locksPrefix = (repositoryPath: string): string => `${repositoryPath}/locks/`;

/** Whether a name is one that restic gives to a lock; it ignores all others. */
export const isLockId = (name: string): boolean => LOCK_ID.test(name);

/**
 * The key of a lock.
 * @throws RangeError when the id is not that of a lock: what it names must not be deleted.
 */
export const lockKey = (repositoryPath: string, lockId: string): string => {
  if (!isLockId(lockId)) throw new RangeError(`not the id of a lock: ${JSON.stringify(lockId)}`);
  return locksPrefix(repositoryPath) + lockId;
};
