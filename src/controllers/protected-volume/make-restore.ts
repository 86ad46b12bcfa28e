import { MANAGED_BY, MANAGED_BY_LABEL, RESTORE_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import { createUnlessThere } from '../../kube/create-unless-there.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { volumeRestores } from '../../api/resource-kinds.ts';
import type { ControllerContext } from '../context.ts';
import { type Protection, provenClaimUID } from './observe.ts';

/**
 * Makes the VolumeRestore that a claim names, unless its work is known to be done. The claim owns it: the two end together.
 */
export async function makeRestore(
  context: ControllerContext,
  protection: Protection,
  volume: ProtectedVolume,
): Promise<void> {
  const { claim, tier, restore } = protection;
  const name = claim.spec.dataSourceRef?.name;
  if (!protection.restoredByUs || restore !== undefined || name === undefined) return;
  if (provenClaimUID(volume) === claim.metadata.uid) return;
  const request = claim.metadata.annotations?.[RESTORE_ANNOTATION] ?? 'latest';
  const desired = {
    metadata: {
      name,
      namespace: claim.metadata.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [ownerReference(claim)],
    },
    spec: { claimName: claim.metadata.name, claimUID: claim.metadata.uid, policyName: tier, restore: request },
  };
  await createUnlessThere(context.client, volumeRestores, desired);
}
