import type { MaintenanceFailure, MaintenanceStatus } from '../../api/maintenance.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import type { Maintenance, MaintenanceState } from '../../engines/maintenance.ts';
import { isRetentionOurs } from '../../domain/retention/whose-retention.ts';
import { MOVER_PATIENCE_MILLISECONDS } from '../../engines/mover-trouble.ts';
import { isConflict, isRefusal } from '../../kube/client/errors.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { openRepository, type RepositoryAccess } from '../../repositories/access.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { ControllerContext } from '../context.ts';
import { clearLocks } from '../repository-locks.ts';
import { observeObstacle } from './observe-obstacle.ts';
import { planRemoval, type Removal } from './plan-removal.ts';
import { forgetMaintenance, recordMaintenance } from './record-maintenance.ts';
import { afterFailure, afterLook, afterSuccess, basisOf, type OverState, settled } from './settle-maintenance.ts';
import { isAnswered, rulesOf, type Subject, subjectOf, untilDueMilliseconds } from './subject.ts';

const COPY_LAG_MILLISECONDS = 1_000;
/** While something is in the way, and while a mover works. */
const LOOK_AGAIN_MILLISECONDS = 60_000;
/** So many snapshots at most are removed at a time: all their ids stand in one object. */
const MOST_AT_ONCE = 500;
/** A mover that can't start is given up after so long, and tried again later. */
const STUCK_MILLISECONDS = 10 * MOVER_PATIENCE_MILLISECONDS;

/** What a look at a repository has led to. */
interface Look {
  readonly result: Result;
  /** A mover was begun. */
  readonly hasBegun?: boolean;
}

/**
 * Keeps the repositories of tiers with engine Restic as the tiers say: movers only add, and what goes is decided here, by what the
 * ledger vouches for. Works beside the backups, which never wait for it. The key is the claim's.
 */
export class RetentionReconciler {
  readonly #context: ControllerContext;
  readonly #cache: RepositoryCache;
  readonly #maintenance: Maintenance;
  /** By claim, the rules that this process has looked at, where nothing was due by them yet. */
  readonly #looked = new Map<string, string>();

  constructor(context: ControllerContext, cache: RepositoryCache, maintenance: Maintenance) {
    this.#context = context;
    this.#cache = cache;
    this.#maintenance = maintenance;
  }

  readonly reconcile = (key: string): Promise<Result> =>
    this.#context.movers.whileLooking('maintenance', key, () => this.#reconcile(key));

  async #reconcile(key: string): Promise<Result> {
    const subject = subjectOf(this.#context.stores, key);
    if (subject === undefined) {
      this.#looked.delete(key);
      return done();
    }
    try {
      return isRetentionOurs(subject.policy) ? await this.#keep(key, subject) : await this.#leave(subject);
    } catch (error) {
      // The protection is recorded by another, too: what is recorded since must not be undone.
      if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
      throw error;
    }
  }

  /** The engine keeps the repository, or does again. */
  async #leave(subject: Subject): Promise<Result> {
    if (this.#maintenance.observe(subject.volume).kind !== 'absent') {
      await this.#maintenance.discard(subject.volume);
    }
    if (subject.status.maintenance !== undefined) await forgetMaintenance(this.#context, subject);
    return done();
  }

  async #keep(key: string, subject: Subject): Promise<Result> {
    const state = this.#maintenance.observe(subject.volume);
    switch (state.kind) {
      case 'absent':
        return await this.#begin(key, subject);
      case 'suspended': {
        const left = MOVER_PATIENCE_MILLISECONDS - state.waitedMilliseconds;
        // The local copy may lag behind what has let it start; whoever made it may have died, too.
        if (left > 0) return requeueAfter(left);
        await this.#maintenance.discard(subject.volume);
        return requeueAfter(COPY_LAG_MILLISECONDS);
      }
      case 'running':
        return await this.#watch(subject, state);
      case 'ended':
      case 'failed':
        return await this.#settle(subject, state);
    }
  }

  async #watch(subject: Subject, state: Extract<MaintenanceState, { kind: 'running' }>): Promise<Result> {
    const obstacle = observeObstacle(this.#context, subject);
    if (obstacle?.endsOne === true) {
      await this.#maintenance.discard(subject.volume);
      const why = { kind: 'BrokenOff', message: `it was broken off, since ${obstacle.message}` } as const;
      const after = afterFailure(this.#context, subject, state.basis, why);
      await recordMaintenance(this.#context, subject, { ...after, pruneOwed: true });
      return requeueAfter(LOOK_AGAIN_MILLISECONDS);
    }
    const isStuck = state.stuck !== undefined && state.waitedMilliseconds > STUCK_MILLISECONDS;
    return isStuck ? await this.#settle(subject, state) : requeueAfter(LOOK_AGAIN_MILLISECONDS);
  }

  async #settle(subject: Subject, state: OverState): Promise<Result> {
    if (subject.status.maintenance?.jobUID !== state.jobUID) {
      const after = await settled({ context: this.#context, cache: this.#cache }, subject, state);
      if (after === undefined) return requeueAfter(LOOK_AGAIN_MILLISECONDS);
      await recordMaintenance(this.#context, subject, after);
    }
    await this.#maintenance.discard(subject.volume);
    return requeueAfter(COPY_LAG_MILLISECONDS);
  }

  async #begin(key: string, subject: Subject): Promise<Result> {
    const now = this.#context.now();
    const hasFailed = subject.status.maintenance?.failure !== undefined;
    const until = isAnswered(subject, now) && !hasFailed ? 0 : untilDueMilliseconds(this.#context, subject);
    // Rules that were changed are looked at early: whoever has to answer for them should not learn of it a day later.
    if (until > 0 && this.#isLookedAt(key, subject)) return requeueAfter(until);
    if (observeObstacle(this.#context, subject) !== undefined) return requeueAfter(LOOK_AGAIN_MILLISECONDS);
    if (until <= 0 && !this.#hasTurn(key, subject, now + until)) return requeueAfter(LOOK_AGAIN_MILLISECONDS);
    const { result, hasBegun = false } = await this.#lookThrough(key, subject, until);
    if (!hasBegun) this.#context.movers.giveBack('maintenance', subject.claim.metadata.uid);
    return result;
  }

  #hasTurn(key: string, { claim, policy }: Subject, sinceMilliseconds: number): boolean {
    const { destination } = policy.spec;
    const wish = { task: 'maintenance', cause: 'maintenance', claim: claim.metadata, destination } as const;
    return this.#context.movers.ask({ ...wish, key, sinceMilliseconds }).kind === 'begin';
  }

  async #lookThrough(key: string, subject: Subject, until: number): Promise<Look> {
    if (!(await this.#isPresent(subject))) return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
    const opened = openRepository(this.#context, subject.policy.spec.destination, subject.claim.metadata);
    if (!opened.ok) return { result: requeueAfter(LOOK_AGAIN_MILLISECONDS) };
    const removal = await planRemoval({ context: this.#context, cache: this.#cache }, subject, opened.access);
    if (until > 0) this.#looked.set(key, rulesOf(subject));
    if (until > 0 && !isHeld(removal)) return { result: requeueAfter(until) };
    const hasBegun = await this.#carryOut(subject, removal, opened.access);
    return { result: requeueAfter(COPY_LAG_MILLISECONDS), hasBegun };
  }

  #isLookedAt(key: string, subject: Subject): boolean {
    const { maintenance } = subject.status;
    return [maintenance?.rules, maintenance?.held?.rules, this.#looked.get(key)].includes(rulesOf(subject));
  }

  /** Whether the copies of the claim and of its protection are as they are now: what goes must be decided by no old one. */
  async #isPresent({ claim, volume }: Subject): Promise<boolean> {
    const { client } = this.#context;
    const [present, protection] = await Promise.all([
      client.get(persistentVolumeClaims, claim.metadata),
      client.get(protectedVolumes, volume.metadata),
    ]);
    return (
      present?.metadata.resourceVersion === claim.metadata.resourceVersion &&
      protection?.metadata.resourceVersion === volume.metadata.resourceVersion
    );
  }

  /** True where a mover was begun for it. */
  async #carryOut(subject: Subject, removal: Removal, access: RepositoryAccess): Promise<boolean> {
    const forget = removal.kind === 'planned' && removal.plan.unacknowledged === 0 ? removal.plan.forget : undefined;
    const isPruneOwed = subject.status.maintenance?.pruneOwed === true;
    if (forget === undefined || (forget.length === 0 && !isPruneOwed)) {
      await recordMaintenance(this.#context, subject, this.#afterPlan(subject, removal));
      return false;
    }
    return await this.#start(subject, forget.slice(0, MOST_AT_ONCE), access);
  }

  /** How the repository is kept where nothing is removed. */
  #afterPlan(subject: Subject, removal: Removal): MaintenanceStatus {
    const context = this.#context;
    const basis = basisOf(subject);
    if (removal.kind === 'withheld') {
      return afterFailure(context, subject, basis, { kind: 'Failed', message: removal.message });
    }
    const { plan, snapshots } = removal;
    if (plan.unacknowledged === 0) return afterSuccess(context, subject, basis);
    const { rules } = basis;
    const before = subject.status.maintenance?.held;
    const since = before?.rules === rules ? before.since : rfc3339(context.now());
    const held = { since, rules, snapshots: plan.unacknowledged, of: snapshots };
    return { ...afterLook(context, subject, basis), held };
  }

  async #start(subject: Subject, snapshotIds: readonly string[], access: RepositoryAccess): Promise<boolean> {
    const { claim, volume } = subject;
    const { namespace, name, uid } = claim.metadata;
    const basis = basisOf(subject);
    const fail = async (kind: MaintenanceFailure['kind'], message: string): Promise<false> => {
      await recordMaintenance(this.#context, subject, afterFailure(this.#context, subject, basis, { kind, message }));
      return false;
    };
    const locks = await clearLocks(this.#context, this.#cache, { claim, access, purpose: 'backup' });
    if (locks.kind !== 'free') {
      const isRefused = locks.kind === 'unknown' && locks.reason === 'AccessDenied';
      return await fail(isRefused ? 'Refused' : 'Failed', locks.message);
    }
    try {
      await this.#maintenance.start({ volume, claim: { namespace, name, uid }, access, snapshotIds, basis });
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return await fail('Failed', error.message);
    }
  }
}

const isHeld = (removal: Removal): boolean => removal.kind === 'planned' && removal.plan.unacknowledged > 0;
