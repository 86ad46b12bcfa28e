import { claimRecordKey } from '../../src/destinations/layout.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { CLAIM, NAMESPACE, type World } from './world.ts';

const RECORD_KEY = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });
const REMEMBERED = 10;

function backupOf({ id, timeMilliseconds, content }: TrueSnapshot) {
  const { files, sizeBytes } = content;
  return {
    snapshotId: id,
    time: new Date(timeMilliseconds).toISOString(),
    files: files - 1,
    directories: 1,
    sizeBytes,
  };
}

/** A store, what it truly holds, and the time. */
type Place = Pick<World, 'destination' | 'truth' | 'now'>;

/** The ledger calls these snapshots good, as a controller before this one left it; all that there are if none are given. */
export function remember(place: Place, snapshots: readonly TrueSnapshot[] = place.truth.snapshots): void {
  const backups = snapshots.map(backupOf).toReversed();
  const record = {
    version: 1,
    namespace: NAMESPACE,
    claim: CLAIM,
    claimUid: 'earlier',
    policy: 'hourly',
    lastGoodBackup: backups[0],
    recordedAt: new Date(place.now()).toISOString(),
    history: backups.slice(0, REMEMBERED),
  };
  place.destination.restic.store.objects.set(RECORD_KEY, Buffer.from(JSON.stringify(record)));
}
