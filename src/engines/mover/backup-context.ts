import type { ReadableStore } from '../../kube/cache/store.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { VolumeSnapshot, VolumeSnapshotClass } from '../../kube/model/volume-snapshot-kinds.ts';
import type { MoverContext } from './context.ts';

/** Index of what belongs to backup runs, by the UID of their claim. */
export const RUNS_BY_CLAIM_UID = 'runClaimUID';
/** Index of the volumes of copies, by the name of their claim. */
export const VOLUMES_BY_COPY = 'copy';

/** What backups by movers of our own work with. */
export interface BackupContext extends MoverContext {
  readonly stores: MoverContext['stores'] & {
    /** Of all drivers. */
    readonly snapshotClasses: ReadableStore<VolumeSnapshotClass>;
    /** Rebound's own. */
    readonly snapshots: ReadableStore<VolumeSnapshot>;
    /** The claims among the movers that have copies of volumes. */
    readonly copyClaims: ReadableStore<PersistentVolumeClaim>;
    readonly volumes: ReadableStore<PersistentVolume>;
  };
}
