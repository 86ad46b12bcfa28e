import type { SnapshotReference } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { parseRestoreRequest } from '../../domain/restore-request.ts';
import { chooseSnapshot } from '../../domain/snapshot-selection.ts';
import { readLedger, rememberedSnapshot, type ClaimRecord } from '../../destinations/ledger.ts';
import type { Snapshot } from '../../engines/restic/snapshot.ts';
import { readRepository } from '../../engines/restic/read-repository.ts';
import type { DamagedSnapshot } from '../../engines/restic/reading.ts';
import type { RepositoryCache } from '../../engines/restic/repository-cache.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../repository-access.ts';
import { snapshotReference } from './expectation.ts';

/** What a look into the destination says about a restore. */
export type Resolution =
  | {
      readonly kind: 'snapshot';
      readonly snapshot: SnapshotReference;
      readonly record: ClaimRecord | undefined;
      /** The BackupDestination that holds it, where it is not the tier's own. */
      readonly destinationName?: string;
    }
  /** This time, the destination said for certain that the claim has no backup. `warning`: to be said with a blank start. */
  | { readonly kind: 'none'; readonly warning?: string | undefined }
  | { readonly kind: 'wait'; readonly reason: string; readonly message: string };

const wait = (reason: string, message: string): Resolution => ({ kind: 'wait', reason, message });

/** Asks the destination which snapshot a restore brings back. Never throws for what the destination does. */
export async function resolveSnapshot(
  cache: RepositoryCache,
  access: RepositoryAccess,
  restore: VolumeRestore,
): Promise<Resolution> {
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const key = { namespace: restore.metadata.namespace ?? '', claim: restore.spec.claimName };
  const [reading, ledger] = await Promise.all([
    readRepository(access.destination, access.path, access.password, { ...options, cache }),
    readLedger(access.destination, key, options),
  ]);
  switch (reading.kind) {
    case 'unknown':
      return wait(reading.reason, reading.message);
    case 'read':
      // The ledger only adds counts that old snapshots lack: it must not stand in the way of a restore.
      return choose(reading, restore, ledger.ok ? ledger.value : undefined);
    case 'absent':
    case 'empty':
      if (!ledger.ok) return wait(ledger.reason, ledger.message);
      return contradiction(ledger.value) ?? { kind: 'none' };
  }
}

function choose(
  { snapshots, damaged }: { readonly snapshots: readonly Snapshot[]; readonly damaged: readonly DamagedSnapshot[] },
  restore: VolumeRestore,
  record: ClaimRecord | undefined,
): Resolution {
  const parsed = parseRestoreRequest(restore.spec.restore);
  if (!parsed.ok) return wait('MalformedRestore', parsed.message);
  if (parsed.request.kind === 'none') return { kind: 'none' };
  const choice = chooseSnapshot(snapshots, parsed.request);
  if (choice.kind === 'noMatch') return wait('NoMatchingSnapshot', choice.message);
  const isNamed = parsed.request.kind === 'snapshot' || record?.lastGoodBackup?.snapshotId === choice.snapshot.id;
  if (damaged[0] !== undefined && !isNamed) return mayBeTooOld(damaged[0], choice.snapshot);
  return { kind: 'snapshot', snapshot: snapshotReference(choice.snapshot, record), record };
}

/** A snapshot that can't be read may be a newer one than the choice: older data must not come back unasked. */
function mayBeTooOld(damaged: DamagedSnapshot, newestReadable: Snapshot): Resolution {
  return wait(
    'DamagedSnapshot',
    `${damaged.message}. It may be newer than ${newestReadable.shortId} of ${newestReadable.time}, the newest that can be read. ` +
      `Mend the repository, or recreate the claim with annotation rebound.dev/restore: ${newestReadable.shortId} to take that one`,
  );
}

/** The ledger remembers a backup that the repository does not hold: somebody removed it, or the store is not whole. */
function contradiction(record: ClaimRecord | undefined): Resolution | undefined {
  const remembered = rememberedSnapshot(record);
  if (record === undefined || remembered === undefined) return undefined;
  const { snapshotId, time } = remembered;
  return wait(
    'BackupVanished',
    `the ledger remembers snapshot ${snapshotId.slice(0, 8)} of ${time}, but the repository holds no snapshot. ` +
      `Bring the repository back, or delete .rebound/claims/${record.namespace}/${record.claim}.json in the destination to let the claim start blank`,
  );
}
