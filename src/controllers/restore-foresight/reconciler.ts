import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_ENGINE } from '../../api/backup-policy.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { RestoreForesight } from '../../api/restore-foresight.ts';
import type { SnapshotReference } from '../../api/snapshot.ts';
import {
  type ForesightView,
  isForesightNews,
  isLookDue,
  unreadView,
  viewForesight,
} from '../../domain/restore-foresight.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { setCondition } from '../../kube/model/conditions.ts';
import { isConflict } from '../../kube/client/errors.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type ControllerContext, warn } from '../context.ts';
import { userIdsOf } from '../mover-user.ts';
import type { Stores } from '../stores.ts';
import type { RestoreEngines } from '../../engines/engine.ts';
import { restoringEngine } from '../../engines/restoring-engine.ts';
import { judgeRestore } from './judge-restore.ts';
import { lookIntoBackup } from './look-into-backup.ts';

/** Type of the condition, and reason of the event. */
const RESTORE_LIMITED = 'RestoreLimited';
const COPY_LAG_MILLISECONDS = 200;
/** After the store did not answer. */
const LOOK_AGAIN_MILLISECONDS = 300_000;

/** A claim that was backed up, and how its protection stands. */
interface Subject {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  readonly status: ProtectedVolumeStatus;
  readonly lastBackup: SnapshotReference;
}

/**
 * Warns of what a restore would foreseeably lack, from the first good backup on: nobody should learn it when a restore is
 * needed. Works beside the backups, which never wait for it. The key is the claim's.
 */
export class RestoreForesightReconciler {
  readonly #context: ControllerContext;
  readonly #cache: RepositoryCache;
  readonly #engines: RestoreEngines;

  constructor(context: ControllerContext, cache: RepositoryCache, engines: RestoreEngines) {
    this.#context = context;
    this.#cache = cache;
    this.#engines = engines;
  }

  readonly reconcile = async (key: string): Promise<Result> => {
    const subject = subjectOf(this.#context.stores, key);
    if (subject === undefined) return done();
    try {
      return await this.#foresee(subject);
    } catch (error) {
      // The protection is recorded by another, too: what is recorded since must not be undone.
      if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
      throw error;
    }
  };

  async #foresee(subject: Subject): Promise<Result> {
    const { claim, status, lastBackup } = subject;
    const { restoreForesight: before, moverUser = {} } = status;
    const look =
      before !== undefined &&
      !isLookDue({ before, lastBackup, moverUser, claimCreated: claim.metadata.creationTimestamp })
        ? before
        : await lookIntoBackup({ context: this.#context, cache: this.#cache }, subject);
    if ('failed' in look) {
      if (before === undefined) await this.#record(subject, undefined, unreadView(look.failed));
      return requeueAfter(LOOK_AGAIN_MILLISECONDS);
    }
    const { snapshot, tree, unread } = look;
    const podUIDs = userIdsOf(this.#context.stores, claim);
    const { limits, privilegedMovers } = await judgeRestore(this.#context, claim.metadata.namespace, {
      moverUser,
      podUIDs,
      tree,
      restoresAllMetadata: this.#restoresAllMetadata(subject),
      isTopFolderRecorded: isOfOwnRun(status, lastBackup),
    });
    const now: RestoreForesight = {
      snapshot,
      ...(tree === undefined ? {} : { tree }),
      ...(unread === undefined ? {} : { unread }),
      moverUser,
      ...(privilegedMovers === undefined ? {} : { privilegedMovers }),
      told: limits.map(({ reason }) => reason),
    };
    const view = viewForesight(now, limits);
    // Before it is recorded: a process that dies in between tells it again, and none keeps it to itself.
    if (isForesightNews(before, now)) warn(this.#context, claim, RESTORE_LIMITED, view.message);
    await this.#record(subject, now, view);
    return done();
  }

  /** Judged by what would restore the claim now. */
  #restoresAllMetadata({ claim, volume }: Subject): boolean {
    const policy = this.#context.stores.policies.get(volume.spec.policyName);
    const name = policy === undefined ? DEFAULT_ENGINE : restoringEngine(this.#engines, claim, policy).engine;
    return this.#engines[name].restoresAllMetadata;
  }

  async #record(
    { volume, status }: Subject,
    foresight: RestoreForesight | undefined,
    view: ForesightView,
  ): Promise<void> {
    const condition = { type: RESTORE_LIMITED, ...view };
    const next: ProtectedVolumeStatus = {
      ...status,
      ...(foresight === undefined ? {} : { restoreForesight: foresight }),
      conditions: setCondition(status.conditions ?? [], condition, rfc3339(this.#context.now())),
    };
    if (isDeepStrictEqual(next, status)) return;
    const { name, namespace, resourceVersion } = volume.metadata;
    const desired = { metadata: { name, namespace, resourceVersion }, status: next };
    await this.#context.client.applyStatus(protectedVolumes, desired);
  }
}

function subjectOf({ claims, protectedVolumes: volumes }: Stores, key: string): Subject | undefined {
  const [claim, volume] = [claims.get(key), volumes.get(key)];
  if (claim === undefined || volume?.status?.lastBackup === undefined) return undefined;
  const isGoing = [claim, volume].some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (isGoing || volume.status.claimUID !== claim.metadata.uid) return undefined;
  return { claim, volume, status: volume.status, lastBackup: volume.status.lastBackup };
}

/** Whether the last run of Rebound's own has made a backup: its record has what the snapshot itself does not hold. */
const isOfOwnRun = ({ lastRun }: ProtectedVolumeStatus, { time }: SnapshotReference): boolean =>
  lastRun !== undefined && lastRun.failures === 0 && Date.parse(time) <= Date.parse(lastRun.endedAt);
