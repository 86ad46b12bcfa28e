import { CLAIM_UID_LABEL, MANAGED_BY, MANAGED_BY_LABEL, ROLE_LABEL } from '../../api/labels.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { primeClaimName } from '../../domain/object-names.ts';
import { ownerReference } from '../../kube/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/objects.ts';

/** Value of the role label on prime claims. */
export const PRIME_ROLE = 'prime';

/** Set by the scheduler on a claim of a WaitForFirstConsumer class; the provisioner places the volume by it. */
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node';

/**
 * Builds the claim that gets the volume first: same class, size and modes as the user's claim, on the node that the
 * scheduler chose for its pod. It carries no tier label, so it is never protected itself.
 */
export function buildPrimeClaim(claim: PersistentVolumeClaim, restore: VolumeRestore) {
  const { namespace, uid } = claim.metadata;
  const owner = ownerReference(restore);
  const node = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  const { accessModes, resources, storageClassName, volumeMode } = claim.spec;
  return {
    metadata: {
      name: primeClaimName(owner.uid),
      namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [ROLE_LABEL]: PRIME_ROLE, [CLAIM_UID_LABEL]: uid },
      ...(node === undefined ? {} : { annotations: { [SELECTED_NODE_ANNOTATION]: node } }),
      ownerReferences: [owner],
    },
    spec: {
      accessModes,
      resources,
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
    },
  };
}
