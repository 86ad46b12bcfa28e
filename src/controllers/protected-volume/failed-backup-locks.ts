import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { speaksOfKeys, speaksOfRefusal } from '../../engines/volsync/mover-log.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, warn } from '../context.ts';
import { openRepository, type RepositoryAccess } from '../../repositories/access.ts';
import { mendRepositoryKeys } from '../repository-keys.ts';
import { clearLocks } from '../repository-locks.ts';
import type { Protection } from './observe.ts';

interface Failure {
  readonly source: ReplicationSource;
  readonly trouble: string;
}

/** After the destination could not be asked. */
const ASK_AGAIN_MILLISECONDS = 60_000;

/**
 * Clears the way for the next backup where the last one may have failed because of a lock that a dead process left, or of a
 * key that does not fit the repository.
 */
export class FailedBackupLocks {
  readonly #context: ControllerContext;
  readonly #cache: RepositoryCache;
  /** Failures that nothing is left to do about, by what was said of them. A local copy is another object once anything has changed. */
  readonly #settled = new WeakMap<ReplicationSource, string>();

  constructor(context: ControllerContext, cache: RepositoryCache) {
    this.#context = context;
    this.#cache = cache;
  }

  /**
   * @param trouble what keeps the run under way from succeeding, in words: the engine gives it up only after nine tries.
   * @returns when to look again; undefined when nothing is to be done until something changes.
   */
  async clear({ claim, policy, source }: Protection, trouble = ''): Promise<number | undefined> {
    if (policy === undefined || source === undefined || !mayBeShutOut(source, trouble)) return undefined;
    const opened =
      this.#settled.get(source) === trouble
        ? undefined
        : openRepository(this.#context, policy.spec.destination, claim.metadata);
    if (opened?.ok !== true) return undefined;
    return await this.#clearWay({ source, trouble }, claim, opened.access);
  }

  async #clearWay(
    { source, trouble }: Failure,
    claim: PersistentVolumeClaim,
    access: RepositoryAccess,
  ): Promise<number | undefined> {
    if (speaksOfKeys(logOf(source)) || speaksOfKeys(trouble)) {
      const mended = await mendRepositoryKeys(this.#context, claim, access);
      if (!mended.ok) return ASK_AGAIN_MILLISECONDS;
    }
    const state = await clearLocks(this.#context, this.#cache, { claim, access, purpose: 'backup' });
    switch (state.kind) {
      case 'free':
        this.#settled.set(source, trouble);
        return undefined;
      case 'unknown':
        return ASK_AGAIN_MILLISECONDS;
      case 'locked':
        // A fresh lock may be that of the engine's next try.
        if (state.needsPerson) warn(this.#context, claim, 'RepositoryLocked', `Backups fail: ${state.message}.`);
        return state.lookAgainMilliseconds;
    }
  }
}

/** A mover that went without a word may have been refused, too. */
function mayBeShutOut(source: ReplicationSource, trouble: string): boolean {
  const log = logOf(source);
  const isFailed = source.status?.latestMoverStatus?.result === 'Failed';
  return speaksOfRefusal(trouble) || (isFailed && (log === '' || speaksOfRefusal(log)));
}

const logOf = ({ status }: ReplicationSource): string => status?.latestMoverStatus?.logs ?? '';
