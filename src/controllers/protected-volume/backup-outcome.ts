import type { SnapshotReference } from '../../api/snapshot.ts';
import { type CollapseVerdict, judgeCollapse } from '../../domain/collapse.ts';
import { rfc3339 } from '../../domain/rfc3339.ts';
import { type ClaimRecord, readLedger, withGoodBackup, writeLedger } from '../../destinations/ledger.ts';
import { readRepository } from '../../engines/restic/read-repository.ts';
import type { RepositoryCache } from '../../engines/restic/repository-cache.ts';
import type { Snapshot } from '../../engines/restic/snapshot.ts';
import { parseBackupLog } from '../../engines/volsync/mover-log.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../repository-access.ts';

/** What became of a backup that the engine calls done. */
export type BackupOutcome =
  | { readonly kind: 'found'; readonly snapshot: SnapshotReference; readonly collapse: CollapseVerdict }
  /** The volume holds nothing, so the engine made no snapshot. */
  | { readonly kind: 'emptyVolume' }
  /** The engine speaks of success, but the destination does not hold the snapshot. */
  | { readonly kind: 'missing'; readonly message: string }
  /** The destination could not be asked: look again. */
  | { readonly kind: 'unknown'; readonly message: string };

export interface FinishedBackup {
  readonly namespace: string;
  readonly claimName: string;
  readonly claimUID: string;
  readonly policyName: string;
  readonly moverUser: MoverUser;
  /** What the engine kept of its mover's log. */
  readonly moverLog: string;
  /** Value of the annotation by which the user accepts a collapse. */
  readonly acceptedCollapse: string | undefined;
  readonly nowMilliseconds: number;
}

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

const reference = (snapshot: Snapshot): SnapshotReference => ({
  id: snapshot.id,
  time: new Date(snapshot.timeMilliseconds).toISOString(),
  ...snapshot.summary,
});

/** Believes a backup only when its snapshot is found in the destination, and then writes it into the ledger. */
export async function confirmBackup(
  cache: RepositoryCache,
  access: RepositoryAccess,
  backup: FinishedBackup,
): Promise<BackupOutcome> {
  const report = parseBackupLog(backup.moverLog);
  if (report.kind === 'emptyVolume') return { kind: 'emptyVolume' };
  const reading = await readRepository(access.destination, access.path, access.password, { ...options, cache });
  if (reading.kind === 'unknown') return { kind: 'unknown', message: reading.message };
  const snapshots = reading.kind === 'read' ? reading.snapshots : [];
  const found =
    report.kind === 'saved' ? snapshots.find((one) => one.id.startsWith(report.snapshotId)) : snapshots.at(-1);
  if (found === undefined) {
    const which = report.kind === 'saved' ? `snapshot ${report.snapshotId}` : 'its snapshot';
    return {
      kind: 'missing',
      message: `the engine reports a backup, but ${which} is not in ${access.path} of the destination`,
    };
  }
  return await recordFound(access, backup, found);
}

async function recordFound(access: RepositoryAccess, backup: FinishedBackup, found: Snapshot): Promise<BackupOutcome> {
  const key = { namespace: backup.namespace, claim: backup.claimName };
  const ledger = await readLedger(access.destination, key, options);
  // A record that can't be read is replaced: the snapshot that was just found is the better evidence.
  if (!ledger.ok && ledger.reason !== 'InvalidRecord') return { kind: 'unknown', message: ledger.message };
  const before = ledger.ok ? ledger.value : undefined;
  const content = found.summary;
  const collapse: CollapseVerdict =
    content === undefined || isAccepted(found, backup.acceptedCollapse)
      ? { collapsed: false }
      : judgeCollapse(before?.lastGoodBackup, content);
  if (!collapse.collapsed && content !== undefined) {
    const good = { snapshotId: found.id, time: new Date(found.timeMilliseconds).toISOString(), ...content };
    const recordedAt = rfc3339(backup.nowMilliseconds);
    const record = withGoodBackup({ ...newRecord(backup, good, recordedAt), ...history(before) }, good, recordedAt);
    const written = await writeLedger(access.destination, record, options);
    if (!written.ok) return { kind: 'unknown', message: written.message };
  }
  return { kind: 'found', snapshot: reference(found), collapse };
}

const isAccepted = (found: Snapshot, accepted: string | undefined): boolean =>
  accepted !== undefined && accepted.length >= 8 && found.id.startsWith(accepted);

const history = (before: ClaimRecord | undefined) => (before?.history === undefined ? {} : { history: before.history });

const newRecord = (backup: FinishedBackup, good: ClaimRecord['lastGoodBackup'], recordedAt: string): ClaimRecord => ({
  version: 1,
  namespace: backup.namespace,
  claim: backup.claimName,
  claimUid: backup.claimUID,
  policy: backup.policyName,
  lastGoodBackup: good,
  mover: backup.moverUser,
  recordedAt,
});
