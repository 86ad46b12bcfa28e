import { rfc3339 } from '../time/rfc3339.ts';

/** A lock file of a restic repository. A holder renews its lock every five minutes, by a new file with another id. */
export interface RepositoryLock {
  /** Its name, the SHA-256 of its content. */
  readonly id: string;
  /** When it was written, by its holder's clock. Absent when the lock can't be read. */
  readonly timeMilliseconds?: number | undefined;
  /** When it was written, by the store's clock. Absent when the store does not say. */
  readonly modifiedMilliseconds?: number | undefined;
  /** True for a lock that can't be read, too: restic stops before such a one. */
  readonly exclusive: boolean;
  readonly holder?: { readonly hostname: string; readonly pid: number } | undefined;
}

/** A restore needs the repository free of exclusive locks; a backup, which ends with a forget, free of all. */
export type LockPurpose = 'restore' | 'backup';

export interface LockFacts {
  readonly locks: readonly RepositoryLock[];
  readonly purpose: LockPurpose;
  readonly nowMilliseconds: number;
  /** Names the repository in the message. */
  readonly repositoryPath: string;
}

export type LockVerdict =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'wait';
      readonly message: string;
      /** The lock's age can't be told, so it will not be found dead: a person has to look. */
      readonly needsPerson: boolean;
      readonly lookAgainMilliseconds: number;
    };

export interface LockDecision {
  /** Locks whose holders are certainly dead, to be removed. */
  readonly stale: readonly RepositoryLock[];
  /** How things stand once they are removed. */
  readonly verdict: LockVerdict;
}

/** By restic's own rule (internal/restic/lock.go, 0.18) a lock that was not renewed for so long has a dead holder. */
const STALE_MILLISECONDS = 30 * 60_000;
/** How far the clocks of holders, stores and controllers may be apart. */
const CLOCK_MARGIN_MILLISECONDS = 5 * 60_000;
const LIMIT_MILLISECONDS = STALE_MILLISECONDS + CLOCK_MARGIN_MILLISECONDS;

/** A prune of one claim's repository is mostly a matter of seconds, and a claim waits for it. */
const SHORTEST_LOOK_MILLISECONDS = 10_000;
const LONGEST_LOOK_MILLISECONDS = 60_000;

/** When a lock was written, by the clock that says the later. Absent when neither is known. */
function writtenAt({ timeMilliseconds, modifiedMilliseconds }: RepositoryLock): number | undefined {
  const known = [timeMilliseconds, modifiedMilliseconds].filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** A lock that can be read must be old by its own time and by the store's; any other by the store's. */
function isStale(lock: RepositoryLock, nowMilliseconds: number): boolean {
  const written = writtenAt(lock);
  if (written === undefined || lock.modifiedMilliseconds === undefined) return false;
  return nowMilliseconds - written >= LIMIT_MILLISECONDS;
}

/** When a lock that is not renewed will be stale. Absent when that can't be told. */
function staleAt(lock: RepositoryLock, nowMilliseconds: number): number | undefined {
  const written = writtenAt(lock);
  if (written === undefined || lock.modifiedMilliseconds === undefined) return undefined;
  const isFromFuture = written - nowMilliseconds > CLOCK_MARGIN_MILLISECONDS;
  return isFromFuture ? undefined : written + LIMIT_MILLISECONDS;
}

/**
 * Says which locks of a repository are left by the dead, and whether the others are in the way. A lock that is not
 * certainly stale is never removed: its holder may be at work.
 */
export function decideLocks(facts: LockFacts): LockDecision {
  const { locks, purpose, nowMilliseconds } = facts;
  const stale = locks.filter((lock) => isStale(lock, nowMilliseconds));
  const blocking = locks.filter((lock) => !stale.includes(lock) && (purpose === 'backup' || lock.exclusive));
  const last = lastToEnd(blocking, nowMilliseconds);
  return { stale, verdict: last === undefined ? { kind: 'free' } : waitFor(last, facts) };
}

function lastToEnd(locks: readonly RepositoryLock[], nowMilliseconds: number): RepositoryLock | undefined {
  const endOf = (lock: RepositoryLock): number => staleAt(lock, nowMilliseconds) ?? Number.POSITIVE_INFINITY;
  const [first, ...others] = locks;
  if (first === undefined) return undefined;
  return others.reduce((last, lock) => (endOf(lock) > endOf(last) ? lock : last), first);
}

function waitFor(lock: RepositoryLock, facts: LockFacts): LockVerdict {
  const { nowMilliseconds, repositoryPath } = facts;
  const staleMilliseconds = staleAt(lock, nowMilliseconds);
  const what = `repository ${repositoryPath} is locked${lock.exclusive ? ' for exclusive use' : ''} by ${holderOf(lock)}`;
  const message =
    staleMilliseconds === undefined
      ? `${what}, and the age of lock ${shortId(lock)} can't be told, so Rebound leaves it. If nothing else works on the repository, run "restic unlock --remove-all" on it`
      : `${what}. A living holder ends by itself; if this one is dead and does not renew the lock, Rebound removes it at ${rfc3339(staleMilliseconds)}`;
  return {
    kind: 'wait',
    message,
    needsPerson: staleMilliseconds === undefined,
    lookAgainMilliseconds: Math.min(
      (staleMilliseconds ?? Number.POSITIVE_INFINITY) - nowMilliseconds,
      lookDelay(facts, writtenAt(lock) ?? Number.NEGATIVE_INFINITY),
    ),
  };
}

/** Often at first, then less. Nothing waits for a look at what keeps backups away: the engine tries again by itself. */
function lookDelay({ purpose, nowMilliseconds }: LockFacts, writtenMilliseconds: number): number {
  if (purpose === 'backup') return LIMIT_MILLISECONDS;
  const partOfAge = (nowMilliseconds - writtenMilliseconds) / 6;
  return Math.min(LONGEST_LOOK_MILLISECONDS, Math.max(SHORTEST_LOOK_MILLISECONDS, partOfAge));
}

/** Names a lock's holder, and since when nothing was heard of it. */
export function holderOf(lock: RepositoryLock): string {
  const written = writtenAt(lock);
  const who = lock.holder === undefined ? 'an unknown holder' : `PID ${lock.holder.pid} on ${lock.holder.hostname}`;
  return written === undefined ? who : `${who}, last heard of at ${rfc3339(written)}`;
}

const shortId = ({ id }: RepositoryLock): string => id.slice(0, 8);
