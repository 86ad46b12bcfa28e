import type { CollapseFinding } from '../../api/protected-volume.ts';
import type { MoverUser, SnapshotReference } from '../../api/snapshot.ts';
import type { JudgedRun } from '../../domain/backup-findings.ts';
import { describeContent } from '../../domain/collapse.ts';
import { PASSWORD_DERIVATION } from '../../domain/repository-password.ts';
import {
  type ClaimRecord,
  earlierBackup,
  type LedgerOwner,
  type RecordedRun,
  writeLedger,
} from '../../destinations/ledger.ts';
import {
  type EndedRun,
  type Recording,
  withAcceptedCollapse,
  withCollapseIgnored,
  withEmptyVolume,
  withRun,
} from '../../destinations/ledger-runs.ts';
import type { UnreadableFiles } from '../../engines/engine.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import type { ConfirmedBackup } from './confirm-backup.ts';

/** What the ledger keeps of a claim beside its runs. */
export interface RecordedClaim {
  readonly namespace: string;
  readonly claim: string;
  readonly claimUid: string;
  readonly policy: string;
  readonly mover: MoverUser;
  readonly intervalSeconds: number;
  readonly destinationId?: string | undefined;
  readonly volumeCapacityBytes?: number | undefined;
  /** It began without the backups of an earlier one, and nobody has answered that. */
  readonly isUnrestored: boolean;
}

export interface RunsToRecord {
  readonly claim: RecordedClaim;
  /** What the ledger said when it was read. */
  readonly before: ClaimRecord | undefined;
  readonly backups: readonly ConfirmedBackup[];
  /** The newest good backup that the status knows: it counts where the ledger was lost. */
  readonly lastBackup: SnapshotReference | undefined;
  /** Value of the annotation by which the user accepts a collapse. */
  readonly acceptedCollapse: string | undefined;
  readonly recording: Recording;
}

export type RecordedRuns =
  | {
      readonly kind: 'recorded';
      readonly runs: readonly JudgedRun[];
      readonly collapse: CollapseFinding | undefined;
      /** The newest good backup of this very claim. */
      readonly lastBackup: SnapshotReference | undefined;
    }
  | { readonly kind: 'unknown'; readonly message: string }
  /** Another cluster has taken the claim over since this one last looked: what it has backed up since is not vouched for. */
  | { readonly kind: 'foreign'; readonly owner: string; readonly message: string };

/** Judges what was confirmed by what the ledger remembers, and writes it there: only what the ledger holds is told. */
export async function recordRuns(access: RepositoryAccess, work: RunsToRecord): Promise<RecordedRuns> {
  const { owner } = work.before ?? {};
  if (owner !== undefined && owner.clusterUid !== work.recording.writer) {
    const message = `cluster ${owner.clusterUid} has taken over the backups of this claim`;
    return { kind: 'foreign', owner: owner.clusterUid, message };
  }
  const begun = work.before ?? newRecord(work);
  const after = judged(begun, work);
  if (after !== begun) {
    const written = await writeLedger(
      access.destination,
      describing({ ...after, owner: ownerAfter(after, work) }, begun, work.claim),
      {
        timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS,
      },
    );
    if (!written.ok) return { kind: 'unknown', message: written.message };
  }
  const isOurs = after.lastGoodBackup !== begun.lastGoodBackup || after.claimUid === work.claim.claimUid;
  return {
    kind: 'recorded',
    runs: work.backups.map((backup) => judgedRun(backup, after)),
    collapse: collapseFinding(after),
    lastBackup: isOurs && after.lastGoodBackup !== undefined ? referenceTo(after.lastGoodBackup) : undefined,
  };
}

/** Who writes has the claim, and has not given it up. */
const ownerAfter = ({ owner }: ClaimRecord, { recording }: RunsToRecord): LedgerOwner => ({
  clusterUid: recording.writer,
  since: owner?.since ?? recording.recordedAt,
});

function judged(begun: ClaimRecord, { backups, recording, acceptedCollapse }: RunsToRecord): ClaimRecord {
  const seen = backups.reduce((record, backup) => {
    if (backup.kind === 'found') return withRun(record, endedRun(backup), recording);
    return backup.kind === 'empty' ? withEmptyVolume(record, backup.time, recording) : record;
  }, begun);
  if (recording.ignoreCollapse) return withCollapseIgnored(seen, recording);
  return acceptedCollapse === undefined ? seen : withAcceptedCollapse(seen, acceptedCollapse, recording);
}

const endedRun = ({ snapshot, whole, endedAt }: Extract<ConfirmedBackup, { kind: 'found' }>): EndedRun => ({
  snapshotId: snapshot.id,
  time: new Date(snapshot.timeMilliseconds).toISOString(),
  endedAt,
  whole,
  content: snapshot.summary,
});

function newRecord({ claim, lastBackup, recording }: RunsToRecord): ClaimRecord {
  const { namespace, claim: name, claimUid, policy } = claim;
  const base = { version: 1, namespace, claim: name, claimUid, policy, recordedAt: recording.recordedAt } as const;
  const { id, time, sizeBytes, files, directories } = lastBackup ?? {};
  if (id === undefined || time === undefined || sizeBytes === undefined || files === undefined) return base;
  return { ...base, lastGoodBackup: { snapshotId: id, time, sizeBytes, files, directories: directories ?? 0 } };
}

/** The record with what it says of the claim as it is now. */
function describing(record: ClaimRecord, before: ClaimRecord, claim: RecordedClaim): ClaimRecord {
  const { claimUid, mover, destinationId, volumeCapacityBytes, isUnrestored, ...described } = claim;
  const { unrestored: _answered, ...known } = record;
  const unrestored = isUnrestored ? earlierBackup(before, claimUid) : undefined;
  const { runAsUser: _user, runAsGroup: _group, fsGroup: _fsGroup, ...unknown } = record.mover ?? {};
  return {
    ...known,
    ...described,
    claimUid: record.lastGoodBackup === before.lastGoodBackup ? record.claimUid : claimUid,
    mover: { ...unknown, ...mover },
    passwordDerivation: PASSWORD_DERIVATION,
    ...(unrestored === undefined ? {} : { unrestored }),
    ...(destinationId === undefined ? {} : { destinationId }),
    ...(volumeCapacityBytes === undefined ? {} : { volumeCapacityBytes }),
  };
}

function judgedRun(backup: ConfirmedBackup, record: ClaimRecord): JudgedRun {
  switch (backup.kind) {
    case 'missing':
      return backup;
    case 'empty':
      return {
        kind: 'empty',
        time: backup.time,
        message: 'The volume holds no file, so there was nothing to back up.',
      };
    case 'found': {
      const { isTriedAgain } = backup;
      const { id, timeMilliseconds, summary } = backup.snapshot;
      const snapshot = { id, time: new Date(timeMilliseconds).toISOString(), ...summary };
      const kind = record.runs?.find((run) => run.snapshotId === id)?.result ?? 'good';
      return kind === 'partial'
        ? { kind, snapshot, isTriedAgain, message: partialMessage(snapshot, backup.unreadable) }
        : { kind, snapshot, isTriedAgain };
    }
  }
}

function partialMessage({ id, files }: SnapshotReference, { count, first }: UnreadableFiles): string {
  const holds = files === undefined ? '' : `, which holds ${files} files,`;
  const what = count === 0 ? 'what could not be read' : `${count} files or folders that could not be read`;
  const named = first.length === 0 ? '' : `: ${first.join('; ')}${count > first.length ? '; …' : ''}`;
  return `snapshot ${id.slice(0, 8)}${holds} lacks ${what}${named}`;
}

type Sized = Pick<RecordedRun, 'snapshotId' | 'time' | 'sizeBytes' | 'files' | 'directories'>;

function referenceTo({ snapshotId, time, sizeBytes, files, directories }: Sized): SnapshotReference {
  return {
    id: snapshotId,
    time,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    ...(directories === undefined ? {} : { directories }),
  };
}

/** What the status says of an open collapse. */
function collapseFinding({ collapse, lastGoodBackup, runs }: ClaimRecord): CollapseFinding | undefined {
  if (collapse === undefined) return undefined;
  const { snapshotId, since, yardstick } = collapse;
  const newest = runs?.find((run) => run.result === 'collapsed');
  const now = { sizeBytes: newest?.sizeBytes ?? 0, files: newest?.files ?? 0 };
  const message =
    snapshotId === undefined
      ? `the volume holds no file any more; there were ${describeContent(yardstick)}`
      : `the volume fell from ${describeContent(yardstick)} to ${describeContent(now)}`;
  const good = referenceTo(lastGoodBackup ?? { ...yardstick, directories: undefined });
  return { ...(snapshotId === undefined ? {} : { snapshotId }), since, good, message };
}
