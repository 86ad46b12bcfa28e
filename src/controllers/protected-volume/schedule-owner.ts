import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { repositorySecretOf, sourceClaimOf } from '../../engines/volsync/replication-source.ts';
import { type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';

/** Whose a schedule is: this claim's, that of an earlier claim of the same name or a copy of one, or none of Rebound's. */
export type ScheduleOwnership = 'ours' | 'leftOver' | 'foreign';

export function ownershipOf(schedule: ReplicationSource, volume: ProtectedVolume): ScheduleOwnership {
  if (isCopied(schedule)) return 'leftOver';
  const { metadata } = schedule;
  const { name, uid } = volume.metadata;
  if (metadata.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY) return 'foreign';
  const owners = metadata.ownerReferences ?? [];
  if (owners.some((owner) => owner.uid === uid)) return 'ours';
  const isPredecessors = owners.some((owner) => owner.kind === 'ProtectedVolume' && owner.name === name);
  return isPredecessors ? 'leftOver' : 'foreign';
}

/**
 * Whether a schedule is a copy that a tool has made of one of Rebound's. Velero restores all of an object but its owners
 * (pkg/restore, resetMetadata), into another namespace too: there, it would back the claim up into the repository of the first.
 */
export function isCopied({ metadata, spec }: ReplicationSource): boolean {
  const { labels, ownerReferences = [], name } = metadata;
  const isRebounds = labels?.[MANAGED_BY_LABEL] === MANAGED_BY && nameForClaim(sourceClaimOf({ spec })) === name;
  return isRebounds && ownerReferences.length === 0 && repositorySecretOf({ spec })?.startsWith(`${name}-`) === true;
}

/** Removes a schedule, and the Secret that it alone used first: without its schedule nobody would know the Secret's name. */
export async function removeSchedule(context: ControllerContext, schedule: ReplicationSource): Promise<void> {
  const { namespace, uid } = schedule.metadata;
  const secretName = repositorySecretOf(schedule);
  if (secretName?.startsWith('rebound-') === true) {
    await context.client.delete(secrets, { namespace, name: secretName });
  }
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  const options = { propagationPolicy: 'Background', ...preconditions } as const;
  await context.client.delete(replicationSources, schedule.metadata, options);
}
