import { isDeepStrictEqual } from 'node:util';
import type { BackupPolicySpec, BackupPolicyStatus } from '../../api/backup-policy.ts';
import { scheduleProblem } from '../../domain/schedule.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type Standing, standingConditions } from '../conditions.ts';
import type { ControllerContext } from '../context.ts';
import { BY_TIER } from '../stores.ts';

/** A policy's count of claims is written at most this often. */
const QUIET_MILLISECONDS = 10_000;

/** Says of each policy whether its destination exists, and how many claims carry it. */
export class BackupPolicyReconciler {
  readonly #context: ControllerContext;
  readonly #writtenAt = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  readonly reconcile = async (name: string): Promise<Result> => {
    const { stores, client } = this.#context;
    const policy = stores.policies.get(name);
    if (policy === undefined || policy.metadata.deletionTimestamp !== undefined) return this.#forget(name);
    const now = this.#context.now();
    const { generation } = policy.metadata;
    const status: BackupPolicyStatus = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      protectedVolumes: stores.claims.byIndex(BY_TIER, name).length,
      conditions: standingConditions(policy.status?.conditions, this.#standing(policy.spec), generation, rfc3339(now)),
    };
    if (isDeepStrictEqual(status, policy.status)) return done();
    const quietUntil = (this.#writtenAt.get(name) ?? 0) + QUIET_MILLISECONDS;
    if (now < quietUntil) return requeueAfter(quietUntil - now);
    this.#writtenAt.set(name, now);
    const desired = { metadata: { name }, status };
    await client.applyStatus(backupPolicies, desired);
    return done();
  };

  #forget(name: string): Result {
    this.#writtenAt.delete(name);
    return done();
  }

  #standing({ destination, schedule }: BackupPolicySpec): Standing {
    const problem = scheduleProblem(schedule);
    if (this.#context.stores.destinations.get(destination) === undefined) {
      return {
        ready: false,
        stalled: true,
        reason: 'DestinationMissing',
        message: `BackupDestination "${destination}" does not exist: claims of this tier wait. Create it, or correct spec.destination.`,
      };
    }
    if (problem !== undefined) {
      return { ready: false, stalled: true, reason: 'InvalidSchedule', message: `${problem} Correct spec.schedule.` };
    }
    return {
      ready: true,
      stalled: false,
      reason: 'Usable',
      message: `Backups go to BackupDestination "${destination}".`,
    };
  }
}
