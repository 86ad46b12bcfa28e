import type { BackupPolicy } from '../../api/backup-policy.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import { buildReplicationSource } from '../../engines/volsync/replication-source.ts';
import { buildRepositorySecret } from '../../engines/volsync/repository-secret.ts';
import { ownerReference } from '../../kube/kind.ts';
import { secrets, type PersistentVolumeClaim } from '../../kube/objects.ts';
import type { ControllerContext } from '../context.ts';
import { type RepositoryAccess, SECRET_DIGEST_ANNOTATION, secretDigest } from '../repository-access.ts';

export interface BackupPlan {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  readonly policy: BackupPolicy;
  readonly access: RepositoryAccess;
  readonly moverUser: MoverUser;
  readonly pruningPaused: boolean;
  /** A value of rebound.dev/backup-now that is still to be carried out. */
  readonly manualTrigger: string | undefined;
  readonly current: ReplicationSource | undefined;
}

/** Whether `actual` holds all that `desired` says; what others or defaults added does not count. */
function holds(actual: unknown, desired: unknown): boolean {
  if (typeof desired !== 'object' || desired === null) return Object.is(actual, desired);
  if (typeof actual !== 'object' || actual === null) return false;
  const fields = new Map<string, unknown>(Object.entries(actual));
  return Object.entries(desired).every(([key, value]) => holds(fields.get(key), value));
}

/** A key that the object has but should not have (such as a retention that was dropped) is a difference too. */
function sameKeys(actual: unknown, desired: object): boolean {
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.keys(actual).every((key) => key in desired);
}

function isUpToDate(
  current: ReplicationSource,
  desired: ReturnType<typeof buildReplicationSource>,
  digest: string,
): boolean {
  const restic = current.spec['restic'];
  const retain = typeof restic === 'object' && restic !== null && 'retain' in restic ? restic['retain'] : undefined;
  return (
    current.metadata.annotations?.[SECRET_DIGEST_ANNOTATION] === digest &&
    holds(current.spec, desired.spec) &&
    sameKeys(retain, desired.spec.restic.retain) &&
    sameKeys(current.spec['trigger'], desired.spec.trigger)
  );
}

const engineHasError = (current: ReplicationSource): boolean =>
  current.status?.conditions?.some((one) => one.type === 'Synchronizing' && one.reason === 'Error') ?? false;

/**
 * Makes the engine back the claim up: the repository's Secret first, then the schedule. Writes only what differs; an
 * engine that reports an error gets its Secret anew, in case somebody removed it.
 */
export async function ensureEngineBackup(context: ControllerContext, plan: BackupPlan): Promise<void> {
  const { claim, policy, access, current } = plan;
  const { namespace, name: claimName } = claim.metadata;
  const name = nameForClaim(claimName);
  const owner = ownerReference(plan.volume);
  const desired = buildReplicationSource({
    name,
    namespace,
    claimName,
    owner,
    repositorySecretName: name,
    hasCustomCA: access.caPem !== undefined,
    policy: policy.spec,
    claimStorageClass: context.stores.storageClasses.get(claim.spec.storageClassName ?? ''),
    moverUser: plan.moverUser,
    pruningPaused: plan.pruningPaused,
    manualTrigger: plan.manualTrigger,
  });
  const digest = secretDigest(access);
  const upToDate = current !== undefined && isUpToDate(current, desired, digest);
  if (upToDate && !engineHasError(current)) return;
  const { url, password, environment, caPem } = access;
  await context.client.apply(
    secrets,
    buildRepositorySecret({ name, namespace, owner, url, password, environment, caPem }),
  );
  if (upToDate) return;
  const annotations = { [SECRET_DIGEST_ANNOTATION]: digest };
  // An old copy must not lead to a schedule that prunes what a newer one keeps: a conflict, if it is not the present one.
  const resourceVersion = current?.metadata.resourceVersion;
  const annotated = { ...desired, metadata: { ...desired.metadata, annotations, resourceVersion } };
  await context.client.apply(replicationSources, annotated);
}
