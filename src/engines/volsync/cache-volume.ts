import type { BackupPolicySpec } from '../../api/backup-policy.ts';
import { NO_PROVISIONER, type StorageClass } from '../../kube/model/built-in-kinds.ts';

const canProvision = (storageClass: StorageClass | undefined): storageClass is StorageClass =>
  storageClass !== undefined && storageClass.provisioner !== NO_PROVISIONER;

/**
 * The fields of `spec.restic` that shape the mover's cache claim. Left to itself VolSync copies the access modes of the
 * data's claim and takes the cluster's default class (ensureCache in internal/controller/mover/restic/mover.go, v0.14): of a
 * ReadWriteMany claim the cache stays Pending wherever the default class is for block devices, missing, or out of reach of
 * the data's node. The claim's own class is in its reach, and every class can make ReadWriteOnce volumes.
 */
export function cacheVolume({ volSync }: BackupPolicySpec, claimStorageClass: StorageClass | undefined) {
  const ofClaim = canProvision(claimStorageClass) ? claimStorageClass.metadata.name : undefined;
  const cacheStorageClassName = volSync.cacheStorageClassName ?? ofClaim;
  return {
    cacheCapacity: volSync.cacheCapacity,
    cacheAccessModes: ['ReadWriteOnce'],
    ...(cacheStorageClassName === undefined ? {} : { cacheStorageClassName }),
  };
}
