import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { primeClaimName } from '../../domain/object-names.ts';
import { ownerReference } from '../../kube/model/kind.ts';

/** Where the claim is, or is to be, that the volume of a restore is made for: beside the movers of its engine. */
export const primeRefOf = (restore: VolumeRestore) => ({
  namespace: restore.status?.engine === 'Restic' ? MOVERS_NAMESPACE : (restore.metadata.namespace ?? ''),
  name: primeClaimName(ownerReference(restore).uid),
});
