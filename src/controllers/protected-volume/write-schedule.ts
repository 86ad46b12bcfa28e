import { FORMER_SECRET_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import { type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import {
  type buildReplicationSource,
  repositorySecretOf,
  specKeepingEverything,
  specWithPruningPaused,
} from '../../engines/volsync/replication-source.ts';
import { specPatch } from '../../engines/volsync/spec-patch.ts';
import { isAlreadyExists } from '../../kube/client/errors.ts';
import { type PersistentVolumeClaim, secrets } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { createRepositorySecret, type SecretPlan } from '../../engines/volsync/ensure-repository-secret.ts';
import { readyRepository } from './ready-repository.ts';
import { ownershipOf } from './schedule-owner.ts';
import { hasRunningMover, maySetMover } from './schedule-run.ts';

/**
 * What has become of a schedule: it is as it should be; a change waits, mostly for the end of a run; or it can't be made, and
 * why, as a sentence without its full stop.
 */
export type ScheduleOutcome =
  | { readonly kind: 'kept' }
  | { readonly kind: 'withheld'; readonly lookAgainMilliseconds: number }
  | { readonly kind: 'refused'; readonly problem: string; readonly lookAgainMilliseconds?: number };

/** The engine's object as it should be, and the Secret that it names. */
export interface DesiredSchedule {
  readonly object: ReturnType<typeof buildReplicationSource>;
  readonly secret: SecretPlan;
}

const LOOK_AGAIN_MILLISECONDS = 30_000;
const COPY_LAG_MILLISECONDS = 1_000;

/** Whose schedule it is, and where it backs up to. */
interface ScheduleSite {
  readonly claim: PersistentVolumeClaim;
  readonly access: RepositoryAccess;
}

const notReady = (problem: string): ScheduleOutcome => ({
  kind: 'refused',
  problem: problem.replace(/\.$/, ''),
  lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS,
});

async function makeReady(
  context: ControllerContext,
  { access, claim }: ScheduleSite,
  { secret }: DesiredSchedule,
): Promise<ScheduleOutcome | undefined> {
  const problem = await readyRepository(context, claim, access);
  if (problem !== undefined) return notReady(problem);
  await createRepositorySecret(context, secret);
  return undefined;
}

/** Makes a schedule where there is none; one that somebody else made under its name is left alone. */
export async function createSchedule(
  context: ControllerContext,
  { volume, ...site }: ScheduleSite & { readonly volume: ProtectedVolume },
  desired: DesiredSchedule,
): Promise<ScheduleOutcome> {
  const unready = await makeReady(context, site, desired);
  if (unready !== undefined) return unready;
  try {
    await context.client.create(replicationSources, desired.object);
    return { kind: 'kept' };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const there = await context.client.get(replicationSources, desired.object.metadata);
  if (there !== undefined && ownershipOf(there, volume) === 'foreign') return inTheWay(there);
  return { kind: 'withheld', lookAgainMilliseconds: COPY_LAG_MILLISECONDS };
}

/** What stands in the way, and what to do. Nobody tells the claim when it goes: it is looked for again. */
export function inTheWay({ metadata: { name } }: ReplicationSource): ScheduleOutcome {
  return {
    kind: 'refused',
    problem: `ReplicationSource ${name} of this namespace was not made by Rebound for this claim, so it is left alone. Rename it, or delete it if nobody needs it (kubectl delete replicationsource ${name})`,
    lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS,
  };
}

/** Writes what differs, with what waits for the end of a run left out; an old copy is a conflict, and writes nothing. */
export async function changeSchedule(
  context: ControllerContext,
  { current, ...site }: ScheduleSite & { readonly current: ReplicationSource },
  desired: DesiredSchedule,
): Promise<ScheduleOutcome> {
  const wanted = specPatch(current.spec, desired.object.spec);
  if (wanted === undefined) return await repair(context, current, desired);
  const mayReplace = maySetMover(context, current);
  const patch = mayReplace ? wanted : specPatch(current.spec, { trigger: desired.object.spec.trigger });
  const withheld = { kind: 'withheld', lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS } as const;
  if (patch === undefined) return withheld;
  const present = repositorySecretOf(current);
  const isNewSecret = mayReplace && present !== desired.object.spec.restic.repository;
  const unready = isNewSecret ? await makeReady(context, site, desired) : undefined;
  if (unready !== undefined) return unready;
  const annotations = isNewSecret && present !== undefined ? { [FORMER_SECRET_ANNOTATION]: present } : {};
  const { resourceVersion } = current.metadata;
  await context.client.mergePatch(replicationSources, current.metadata, {
    metadata: { resourceVersion, annotations },
    spec: patch,
  });
  return mayReplace ? { kind: 'kept' } : withheld;
}

/** An engine that reports an error gets its Secret anew, in case somebody removed it. */
async function repair(
  context: ControllerContext,
  current: ReplicationSource,
  { secret }: DesiredSchedule,
): Promise<ScheduleOutcome> {
  if (engineHasError(current)) await createRepositorySecret(context, secret);
  return { kind: 'kept' };
}

const engineHasError = (current: ReplicationSource): boolean =>
  current.status?.conditions?.some((one) => one.type === 'Synchronizing' && one.reason === 'Error') ?? false;

/** Removes the Secret that a schedule named before its present one. The annotation outlives a process that dies meanwhile. */
export async function removeFormerSecret(context: ControllerContext, current: ReplicationSource): Promise<boolean> {
  const { namespace, annotations, resourceVersion } = current.metadata;
  const former = annotations?.[FORMER_SECRET_ANNOTATION];
  if (former === undefined) return false;
  if (former.startsWith('rebound-') && former !== repositorySecretOf(current)) {
    await context.client.delete(secrets, { namespace, name: former });
  }
  const metadata = { resourceVersion, annotations: { [FORMER_SECRET_ANNOTATION]: null } };
  await context.client.mergePatch(replicationSources, current.metadata, { metadata });
  return true;
}

/**
 * Sees to it that nothing is pruned, where that is wanted. A mover that works is broken off for it only where it is urgent:
 * a run can be made again, and a snapshot can't. True when something was written.
 */
export async function pausePruning(
  context: ControllerContext,
  current: ReplicationSource,
  { wanted, isUrgent }: { readonly wanted: DesiredSchedule['object']['spec']; readonly isUrgent: boolean },
): Promise<boolean> {
  if (!isUrgent && hasRunningMover(context, current)) return false;
  return await patchSpec(context, current, specWithPruningPaused(current.spec, wanted));
}

/**
 * Lets a schedule whose runs can't be judged for now remove nothing: the engine goes on without us, and what it prunes after
 * some collapsed runs may be the last good backup. A mover that works is let be.
 */
export async function keepEverything(context: ControllerContext, schedule: ReplicationSource): Promise<void> {
  if (!hasRunningMover(context, schedule)) await patchSpec(context, schedule, specKeepingEverything(schedule.spec));
}

/** True when the schedule was another before. */
async function patchSpec(
  context: ControllerContext,
  { metadata, spec: actual }: ReplicationSource,
  wanted: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const spec = specPatch(actual, wanted);
  if (spec === undefined) return false;
  const { resourceVersion } = metadata;
  await context.client.mergePatch(replicationSources, metadata, { metadata: { resourceVersion }, spec });
  return true;
}

/** Lets a schedule rest, but never breaks off a run: the engine would kill its mover, which leaves its lock. */
export async function pauseSchedule(context: ControllerContext, schedule: ReplicationSource): Promise<void> {
  if (schedule.spec['paused'] === true || !maySetMover(context, schedule)) return;
  const { resourceVersion } = schedule.metadata;
  const patch = { metadata: { resourceVersion }, spec: { paused: true } };
  await context.client.mergePatch(replicationSources, schedule.metadata, patch);
}
