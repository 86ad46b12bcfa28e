import type { RepositoryAccess, Step } from './open-repository.ts';
import { readSnapshotRecord } from './read-repository.ts';
import type { SealKey } from './sealed-box.ts';
import type { Snapshot } from './snapshot.ts';
import { type Read, stopped } from './tree-reading.ts';

/** Reads the record of one snapshot, for those who go on to its trees. */
export async function readRecord(
  access: RepositoryAccess,
  snapshotId: string,
  key: SealKey,
  step: Step,
): Promise<Read<Snapshot>> {
  const reading = await readSnapshotRecord(access, snapshotId, key, step);
  switch (reading.kind) {
    case 'snapshot':
      return { ok: true, value: reading.snapshot };
    case 'damaged':
      return stopped(reading.damaged.message);
    case 'gone':
      return stopped(`snapshot ${snapshotId} is not there`);
    case 'unknown':
      return { ok: false, stop: { kind: 'failed', reason: reading.reason, message: reading.message } };
  }
}
