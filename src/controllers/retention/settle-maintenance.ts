import type { MaintenanceFailure, MaintenanceStatus } from '../../api/maintenance.ts';
import type { MaintenanceBasis, MaintenanceState } from '../../engines/maintenance.ts';
import { openRepository } from '../../repositories/access.ts';
import { readRepository } from '../../repositories/restic/read-repository.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { requestOf, rulesOf, type Subject } from './subject.ts';

export type OverState = Extract<MaintenanceState, { kind: 'ended' | 'failed' | 'running' }>;

/** By what a maintenance was planned. It stays so, whatever is changed while it works. */
export const basisOf = (subject: Subject): MaintenanceBasis => ({
  rules: rulesOf(subject),
  request: requestOf(subject),
});

/** How the repository is kept after a failure. */
export function afterFailure(
  { now }: Pick<ControllerContext, 'now'>,
  { status: { maintenance: before = {} } }: Subject,
  { request }: MaintenanceBasis,
  why: Pick<MaintenanceFailure, 'kind' | 'message'>,
): MaintenanceStatus {
  const times = (before.failure?.times ?? 0) + 1;
  return { ...before, ...carriedOut(request), failure: { time: rfc3339(now()), times, ...why } };
}

/** How it is kept once it was looked through: what else is known of it stays. */
export function afterLook(
  { now }: Pick<ControllerContext, 'now'>,
  { status: { maintenance = {} } }: Subject,
  { request }: MaintenanceBasis,
): MaintenanceStatus {
  const { failure: _over, held: _answered, ...before } = maintenance;
  return { ...before, ...carriedOut(request), time: rfc3339(now()) };
}

/** How it is kept once it was left with what the tier keeps. */
export function afterSuccess(
  context: Pick<ControllerContext, 'now'>,
  subject: Subject,
  basis: MaintenanceBasis,
): MaintenanceStatus {
  const { pruneOwed: _done, ...looked } = afterLook(context, subject, basis);
  return { ...looked, rules: basis.rules };
}

const carriedOut = (request: string | undefined): Pick<MaintenanceStatus, 'request'> =>
  request === undefined ? {} : { request };

/**
 * What is to be recorded of a maintenance that is over: what is gone the repository says, whatever its mover said. Undefined while
 * the destination does not answer.
 */
export async function settled(
  { context, cache }: { readonly context: ControllerContext; readonly cache: RepositoryCache },
  subject: Subject,
  state: OverState,
): Promise<MaintenanceStatus | undefined> {
  const left = await snapshotsLeft({ context, cache }, subject, state.snapshotIds);
  if (left === undefined) return undefined;
  const { freedBytes, refusal } = await state.listen();
  const gone = state.snapshotIds.length - left.length;
  const why = failureOf(state, left, refusal);
  const after =
    why === undefined ? afterSuccess(context, subject, state.basis) : afterFailure(context, subject, state.basis, why);
  const removed = {
    time: rfc3339(context.now()),
    snapshots: gone,
    ...(freedBytes === undefined ? {} : { freedBytes }),
  };
  return {
    ...after,
    ...(gone === 0 ? {} : { removed }),
    ...(why === undefined || gone === 0 ? {} : { pruneOwed: true }),
    jobUID: state.jobUID,
  };
}

async function snapshotsLeft(
  { context, cache }: { readonly context: ControllerContext; readonly cache: RepositoryCache },
  { claim, policy }: Subject,
  ids: readonly string[],
): Promise<readonly string[] | undefined> {
  if (ids.length === 0) return [];
  const opened = openRepository(context, policy.spec.destination, claim.metadata);
  if (!opened.ok) return undefined;
  const { destination, path, password } = opened.access;
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS, cache };
  const reading = await readRepository(destination, path, password, options);
  if (reading.kind !== 'read') return undefined;
  const there = new Set([...reading.snapshots, ...reading.damaged].map(({ id }) => id));
  return ids.filter((id) => there.has(id));
}

function failureOf(state: OverState, left: readonly string[], refusal: string | undefined) {
  const failed = (message: string) => ({ kind: 'Failed', message }) as const;
  if (refusal !== undefined) return { kind: 'Refused', message: refusal } as const;
  if (state.kind === 'failed') return failed(state.message);
  if (state.kind === 'running') return failed(state.stuck ?? 'the mover did not start');
  if (left.length === 0) return undefined;
  const of = state.snapshotIds.length;
  return failed(`the mover ended well, but ${left.length} of ${of} snapshots are still there`);
}
