import type { BackupDestination } from '../api/backup-destination.ts';
import type { BackupPolicy } from '../api/backup-policy.ts';
import type { ProtectedVolume } from '../api/protected-volume.ts';
import type { ReboundSettings } from '../api/rebound-settings.ts';
import type { VolumeRestore } from '../api/volume-restore.ts';
import type { ReplicationDestination, ReplicationSource } from '../engines/volsync/kinds.ts';
import type {
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  StorageClass,
} from '../kube/model/built-in-kinds.ts';
import type {
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '../kube/model/volume-snapshot-kinds.ts';
import type { ReadableStore } from '../kube/cache/store.ts';

/** Local copies of what the controller looks at. They may lag behind the API server: every step can be repeated. */
export interface Stores {
  /** Claims with the tier label, of all namespaces. */
  readonly claims: ReadableStore<PersistentVolumeClaim>;
  /** Our prime claims. */
  readonly primes: ReadableStore<PersistentVolumeClaim>;
  /** A few words of every volume, more of those that are free, or that a prime claim has or had. */
  readonly volumes: ReadableStore<PersistentVolume>;
  readonly pods: ReadableStore<Pod>;
  readonly policies: ReadableStore<BackupPolicy>;
  readonly destinations: ReadableStore<BackupDestination>;
  readonly protectedVolumes: ReadableStore<ProtectedVolume>;
  readonly volumeRestores: ReadableStore<VolumeRestore>;
  readonly replicationSources: ReadableStore<ReplicationSource>;
  readonly replicationDestinations: ReadableStore<ReplicationDestination>;
  /** Rebound's own: those of backup runs, beside claims and among the movers. */
  readonly snapshots: ReadableStore<VolumeSnapshot>;
  /** What tells whether one is of a backup run. */
  readonly snapshotContents: ReadableStore<VolumeSnapshotContent>;
  readonly snapshotClasses: ReadableStore<VolumeSnapshotClass>;
  /** Claims among the movers that have copies of volumes. */
  readonly copyClaims: ReadableStore<PersistentVolumeClaim>;
  /** Jobs of our own movers. */
  readonly moverJobs: ReadableStore<Job>;
  /** What is set for the whole cluster: none, or one. */
  readonly settings: ReadableStore<ReboundSettings>;
  readonly storageClasses: ReadableStore<StorageClass>;
  /** Secrets of the system namespace only. */
  readonly systemSecrets: ReadableStore<Secret>;
}

/** Index of the volumes of prime claims, by the UID in their claimRef. */
export const VOLUMES_BY_PRIME_UID = 'primeUID';

/** Index of claims by the VolumeRestore that fills them, as `namespace/name`. */
export const CLAIMS_BY_RESTORE = 'restore';
/** Index of claims and protected volumes by tier. */
export const BY_TIER = 'tier';
/** Index of restores by the UID of their claim. */
export const RESTORES_BY_CLAIM_UID = 'claimUID';
