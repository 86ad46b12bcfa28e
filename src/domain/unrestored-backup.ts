import { parseRestoreRequest } from './restore-request.ts';
import { describeSnapshot, shortId } from './snapshot-facts.ts';

/** The newest backup that a claim's name has and that another claim left. */
export interface EarlierBackup {
  readonly snapshotId: string;
  /** RFC 3339. */
  readonly time: string;
  /** Absent where it is not known. */
  readonly files?: number | undefined;
}

export interface UnrestoredFacts {
  /** What admission decided; absent where it was not asked: the claim was there before its label, or before Rebound. */
  readonly decision: string | undefined;
  /** The claim is filled by one of our restores. */
  readonly restoredByUs: boolean;
  /** Value of the annotation rebound.dev/restore. */
  readonly asked: string | undefined;
  /** Absent where the ledger knows none, or the claim's own only. */
  readonly earlier: EarlierBackup | undefined;
}

/**
 * What a person has to answer where a claim began without the backups of its name and nobody decided that: unanswered, retention
 * would remove them in time. Nothing where the claim asks for a blank start itself.
 */
export function unrestoredBackup({
  decision,
  restoredByUs,
  asked,
  earlier,
}: UnrestoredFacts): { readonly newerId: string; readonly message: string } | undefined {
  if (decision !== undefined || restoredByUs || earlier === undefined || asksForBlank(asked)) return undefined;
  return { newerId: earlier.snapshotId, message: messageFor(earlier) };
}

function asksForBlank(asked: string | undefined): boolean {
  const parsed = parseRestoreRequest(asked);
  return parsed.ok && parsed.request.kind === 'none';
}

function messageFor({ snapshotId, time, files }: EarlierBackup): string {
  const holds = files === undefined ? '' : `, with ${files} files`;
  const id = shortId(snapshotId);
  return [
    `Backups of an earlier claim of this name exist; the one to restore is ${describeSnapshot({ id: snapshotId, timeMilliseconds: Date.parse(time) })}${holds}.`,
    'They were not restored into this claim: it was created before it had its label, or before Rebound was there to decide. What it holds is backed up beside them, and no snapshot is removed until you answer.',
    `To have the earlier content, delete the claim and create it again with annotation rebound.dev/restore: "${id}"; what it holds now and no backup has yet goes with its volume.`,
    `If what it holds is right, set annotation rebound.dev/accept-restore: "${id}" on the claim.`,
  ].join(' ');
}
