import {
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OWNER_UID_LABEL,
  PRIME_ROLE,
  ROLE_LABEL,
  UNCHECKED_VOLUME_FINALIZER,
} from '../../api/labels.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { provisionerAnnotations } from '../../domain/prime-annotations.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import { parseQuantity } from '../../kube/model/quantity.ts';
import { primeRefOf } from './prime-ref.ts';

/**
 * Builds the claim that gets the volume first: all that decides what volume that is and where is as on the user's claim, on
 * the node that the scheduler chose for its pod. It carries no tier label, so it is never protected itself.
 *
 * Where it may be given a volume that is there already, it can't vanish before that one was looked at. A claim with a chosen
 * node is given none but a new one (volumebinding/binder.go, FindPodVolumes, 1.34).
 *
 * @param claim the user's claim with all its annotations.
 * @param least how many bytes the volume must have; a larger one satisfies the user's claim too.
 */
export function buildPrimeClaim(claim: PersistentVolumeClaim, restore: VolumeRestore, least = 0) {
  const { uid, annotations = {} } = claim.metadata;
  const ref = primeRefOf(restore);
  const isBeside = ref.namespace === claim.metadata.namespace;
  const owner = ownerReference(restore);
  const node = annotations[SELECTED_NODE_ANNOTATION];
  const { accessModes, storageClassName, volumeMode, volumeAttributesClassName } = claim.spec;
  return {
    metadata: {
      ...ref,
      labels: {
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [ROLE_LABEL]: PRIME_ROLE,
        [CLAIM_UID_LABEL]: uid,
        [OWNER_UID_LABEL]: owner.uid,
        [CLAIM_NAMESPACE_LABEL]: claim.metadata.namespace,
      },
      annotations: {
        ...provisionerAnnotations(annotations),
        ...(node === undefined ? {} : { [SELECTED_NODE_ANNOTATION]: node }),
      },
      ...(node === undefined ? { finalizers: [UNCHECKED_VOLUME_FINALIZER] } : {}),
      // They do not cross namespaces: there, what is left is found by its labels.
      ...(isBeside ? { ownerReferences: [owner] } : {}),
    },
    spec: {
      accessModes,
      resources: needsMore(claim, least) ? { requests: { storage: String(least) } } : claim.spec.resources,
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
      ...(volumeAttributesClassName === undefined ? {} : { volumeAttributesClassName }),
    },
  };
}

/** Whether a claim asks for fewer bytes than that. */
export const needsMore = ({ spec }: PersistentVolumeClaim, least: number): boolean =>
  least > (parseQuantity(spec.resources?.requests?.['storage'] ?? '') ?? Number.POSITIVE_INFINITY);
