import { nameForClaim } from '../../domain/object-names.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { sourceClaimOf } from '../../engines/volsync/replication-source.ts';
import { objectKey, splitNamespacedKey } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, warn } from '../context.ts';
import { isCopied, removeSchedule } from './schedule-owner.ts';

/** Keys of the claim that a copied schedule backs up; its owner, by which one of ours is found, is not there. */
export function claimOfCopied(schedule: ReplicationSource): string[] {
  if (!isCopied(schedule)) return [];
  return [objectKey({ namespace: schedule.metadata.namespace, name: sourceClaimOf(schedule) })];
}

/**
 * Removes a schedule that a tool has copied, with its Secret, before it does harm: it knows nothing of restores that are
 * not proven yet, and where it came from another namespace it writes into that one's repository.
 *
 * @param key of the claim that it backs up, which may not be there.
 */
export async function removeCopiedSchedule(
  context: ControllerContext,
  key: string,
  claim: PersistentVolumeClaim | undefined,
): Promise<void> {
  const { namespace, name: claimName } = splitNamespacedKey(key);
  const name = nameForClaim(claimName);
  const schedule = context.stores.replicationSources.get(objectKey({ namespace, name }));
  if (schedule === undefined || !isCopied(schedule)) return;
  await removeSchedule(context, schedule);
  const message = `ReplicationSource ${name} of this namespace, a copy that belonged to nobody, was removed with its Secret: it would have backed this claim up into the repository of the claim that it was copied from. Tools make such copies when they restore or clone a namespace. Rebound makes its own.`;
  context.log.warn({ namespace, replicationSource: name }, message);
  if (claim !== undefined) warn(context, claim, 'CopiedSchedule', message);
}
