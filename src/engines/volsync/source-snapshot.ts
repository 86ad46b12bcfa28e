/**
 * Name of the snapshot that VolSync takes of a claim and reads while it backs up (internal/controller/mover/restic/mover.go,
 * v0.14). It goes when the backup has ended.
 */
export const sourceSnapshotName = (replicationSourceName: string): string => `volsync-${replicationSourceName}-src`;
