import { type ClaimRecord, readLedger } from '../../destinations/ledger.ts';
import { readRepository } from '../../repositories/restic/read-repository.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import type { Snapshot } from '../../repositories/restic/snapshot.ts';
import type { UnreadableFiles } from '../../engines/engine.ts';
import { runOfTags } from '../../domain/run-tags.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import type { EndedBackup } from './observe-backup.ts';

/** What became of a backup that ended. */
export type ConfirmedBackup =
  | {
      readonly kind: 'found';
      readonly snapshot: Snapshot;
      /** RFC 3339. */
      readonly endedAt: string;
      /** False when files that could not be read are left out. */
      readonly whole: boolean;
      readonly unreadable: UnreadableFiles;
      /** The engine goes on with the same copy of the volume. */
      readonly isTriedAgain: boolean;
    }
  /** The volume holds nothing, so the engine made no snapshot. */
  | { readonly kind: 'empty'; readonly time: string }
  /** The engine speaks of success, but the destination does not hold the snapshot. `snapshotId`: its first digits, if it was named. */
  | {
      readonly kind: 'missing';
      readonly snapshotId?: string | undefined;
      readonly time: string;
      readonly message: string;
    };

export type Confirmation =
  | {
      readonly kind: 'confirmed';
      readonly backups: readonly ConfirmedBackup[];
      /** What the ledger says; absent where it certainly says nothing, or nothing that can be understood. */
      readonly record: ClaimRecord | undefined;
    }
  /** The destination could not be asked: look again. */
  | { readonly kind: 'unknown'; readonly message: string };

/** What the destination is asked for. */
export interface BackupsToConfirm {
  readonly namespace: string;
  readonly claimName: string;
  readonly ended: readonly EndedBackup[];
  readonly nowMilliseconds: number;
}

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

/** The clocks of the node that runs the mover and of the one that runs the engine may differ by this much. */
const CLOCK_SKEW_MILLISECONDS = 10 * 60_000;

const nothingRead = { kind: 'empty' } as const;

const nothingUnreadable: UnreadableFiles = { count: 0, first: [] };

/** Believes backups only when their snapshots are found in the destination. Reads, and writes nothing. */
export async function confirmBackups(
  cache: RepositoryCache,
  access: RepositoryAccess,
  asked: BackupsToConfirm,
): Promise<Confirmation> {
  const key = { namespace: asked.namespace, claim: asked.claimName };
  const mayHaveSaved = asked.ended.some(({ report }) => report.kind !== 'emptyVolume');
  const [reading, ledger] = await Promise.all([
    mayHaveSaved
      ? readRepository(access.destination, access.path, access.password, { ...options, cache })
      : nothingRead,
    readLedger(access.destination, key, options),
  ]);
  if (reading.kind === 'unknown') return { kind: 'unknown', message: reading.message };
  // A record that can't be understood, and has no copy, is replaced: the snapshot that is found is the better evidence.
  if (!ledger.ok && ledger.reason !== 'InvalidRecord') return { kind: 'unknown', message: ledger.message };
  const record = ledger.ok ? ledger.value : undefined;
  const snapshots = reading.kind === 'read' ? reading.snapshots : [];
  const backups = asked.ended.flatMap((one) => confirm(one, { asked, snapshots, record, path: access.path }));
  return { kind: 'confirmed', backups, record };
}

interface Found {
  readonly asked: BackupsToConfirm;
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  readonly record: ClaimRecord | undefined;
  readonly path: string;
}

function confirm(backup: EndedBackup, found: Found): ConfirmedBackup[] {
  const { report, succeeded } = backup;
  const time = backup.endedAt ?? rfc3339(found.asked.nowMilliseconds);
  if (report.kind === 'emptyVolume') return [{ kind: 'empty', time }];
  const snapshot = snapshotOf(backup, found);
  if (snapshot !== undefined) {
    const whole = succeeded || backup.run?.isWhole === true || (report.kind === 'saved' && report.wentOn);
    const unreadable = backup.run?.unreadable ?? (report.kind === 'saved' ? report.unreadable : nothingUnreadable);
    return [{ kind: 'found', snapshot, endedAt: time, whole, unreadable, isTriedAgain: backup.isTriedAgain }];
  }
  // A try that failed promises nothing.
  return succeeded ? [missing(backup, found, time)] : [];
}

function missing(backup: EndedBackup, found: Found, time: string): ConfirmedBackup {
  const snapshotId = backup.report.kind === 'saved' ? backup.report.snapshotId : undefined;
  const message = `the engine reports a backup, but ${whatLacks(backup, found)}`;
  return { kind: 'missing', snapshotId, time, message };
}

function whatLacks({ report }: EndedBackup, { snapshots, path }: Found): string {
  if (report.kind !== 'saved') return `a snapshot of this run is not in ${path} of the destination`;
  const isThere = snapshots.some((one) => one.id.startsWith(report.snapshotId));
  return `snapshot ${report.snapshotId} ${isThere ? 'is of an earlier run' : `is not in ${path} of the destination`}`;
}

/** The snapshot that a backup left: that of its tag, else the one it names, or, where it says nothing, the newest of its time; if it is one of this run. */
function snapshotOf(backup: EndedBackup, found: Found): Snapshot | undefined {
  const { report, run, afterMilliseconds = 0, beforeMilliseconds } = backup;
  if (run !== undefined) return found.snapshots.findLast(({ tags }) => runOfTags(tags) === run.id);
  if (report.kind === 'saved') {
    const named = found.snapshots.find((one) => one.id.startsWith(report.snapshotId));
    if (named === undefined || isOfAnotherRun(named, backup, found)) return undefined;
    return named.timeMilliseconds >= afterMilliseconds - CLOCK_SKEW_MILLISECONDS ? named : undefined;
  }
  const newest = found.snapshots.findLast((one) => one.timeMilliseconds <= (beforeMilliseconds ?? Infinity));
  if (newest === undefined || isOfAnotherRun(newest, backup, found)) return undefined;
  return newest.timeMilliseconds >= afterMilliseconds - CLOCK_SKEW_MILLISECONDS ? newest : undefined;
}

/**
 * Whether a snapshot was there before a backup that the engine calls done: it was known when that began, or the ledger has it
 * from another run, maybe of an earlier claim of the same name. One that a process recorded, and died, is of this run still.
 */
function isOfAnotherRun({ id }: Snapshot, { succeeded, endedAt, knownIds }: EndedBackup, { record }: Found): boolean {
  if (!succeeded) return false;
  const recorded = record?.runs?.find((run) => run.snapshotId === id)?.endedAt;
  return knownIds.some((known) => id.startsWith(known)) || (recorded !== undefined && recorded !== endedAt);
}
