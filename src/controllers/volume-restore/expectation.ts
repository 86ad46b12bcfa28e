import type { SnapshotReference } from '../../api/snapshot.ts';
import type { Snapshot } from '../../repositories/restic/snapshot.ts';
import type { ClaimRecord } from '../../destinations/ledger.ts';

/**
 * What a snapshot must bring back: from the snapshot itself, else from the ledger where it speaks of the same snapshot
 * (restic writes counts since 0.17 only).
 */
export function snapshotReference(snapshot: Snapshot, record: ClaimRecord | undefined): SnapshotReference {
  const recorded = record?.lastGoodBackup?.snapshotId === snapshot.id ? record.lastGoodBackup : undefined;
  const known = snapshot.summary ?? recorded;
  return {
    id: snapshot.id,
    time: new Date(snapshot.timeMilliseconds).toISOString(),
    ...(Date.parse(snapshot.time) === snapshot.timeMilliseconds ? {} : { ownTime: snapshot.time }),
    ...(known === undefined ? {} : { sizeBytes: known.sizeBytes, files: known.files, directories: known.directories }),
  };
}
