import type { BackupFinding, CollapseFinding, PruningRefusal } from '../api/protected-volume.ts';
import type { SnapshotReference } from '../api/snapshot.ts';

/** What a claim's status remembers of its backups. */
export interface BackupMemory {
  readonly lastBackup?: SnapshotReference | undefined;
  readonly lastFinding?: BackupFinding | undefined;
  readonly collapse?: CollapseFinding | undefined;
  readonly pruningRefused?: PruningRefusal | undefined;
  /** When the run under way first saved the copy of the volume that its further tries save again. RFC 3339. */
  readonly copySavedAt?: string | undefined;
}

/**
 * A run that has ended, or one of its tries, and what it was found to be. `isTriedAgain`: the engine goes on with the same copy
 * of the volume. Times are RFC 3339.
 */
export type JudgedRun =
  | { readonly kind: 'good' | 'collapsed'; readonly snapshot: SnapshotReference; readonly isTriedAgain: boolean }
  /** The snapshot lacks what could not be read. */
  | {
      readonly kind: 'partial';
      readonly snapshot: SnapshotReference;
      readonly isTriedAgain: boolean;
      readonly message: string;
    }
  /** There was nothing to back up. */
  | { readonly kind: 'empty'; readonly time: string; readonly message: string }
  /** The engine calls it a success, and its snapshot is not there. `snapshotId`: its first digits, if it was named. */
  | {
      readonly kind: 'missing';
      readonly snapshotId?: string | undefined;
      readonly time: string;
      readonly message: string;
    };

/** The higher, the longer a finding stands: a lower one does not take its place. */
const weight: Readonly<Record<BackupFinding['kind'], number>> = {
  SnapshotMissing: 3,
  BackupPartial: 2,
  EmptyVolume: 1,
};

const isOlder = (
  snapshot: Pick<SnapshotReference, 'time'>,
  than: Pick<SnapshotReference, 'time'> | undefined,
): boolean => than !== undefined && Date.parse(snapshot.time) < Date.parse(than.time);

function withFinding(before: BackupMemory, finding: BackupFinding): BackupMemory {
  const standing = before.lastFinding;
  const stands = standing !== undefined && weight[standing.kind] > weight[finding.kind];
  return stands ? before : { ...before, lastFinding: finding };
}

/** Whether a whole but collapsed snapshot leaves a finding as it is. */
const outlastsCollapse = (finding: BackupFinding | undefined): boolean => finding?.kind === 'SnapshotMissing';

/**
 * What is remembered after one more run. A finding ends with a good backup and with nothing else; what is wrong with the
 * newest run takes the place of what is no worse.
 */
export function afterRun({ copySavedAt, ...before }: BackupMemory, run: JudgedRun): BackupMemory {
  const savedAt = 'snapshot' in run ? (copySavedAt ?? run.snapshot.time) : undefined;
  const after = judged(before, dated(run, copySavedAt));
  return savedAt !== undefined && 'snapshot' in run && run.isTriedAgain ? { ...after, copySavedAt: savedAt } : after;
}

/** A snapshot holds what the volume held when it was copied, however late the copy was saved. */
const dated = (run: JudgedRun, copySavedAt: string | undefined): JudgedRun =>
  'snapshot' in run && copySavedAt !== undefined && isOlder({ time: copySavedAt }, run.snapshot)
    ? { ...run, snapshot: { ...run.snapshot, dataTime: copySavedAt } }
    : run;

function judged(before: BackupMemory, run: JudgedRun): BackupMemory {
  switch (run.kind) {
    case 'good': {
      if (isOlder(run.snapshot, before.lastBackup)) return before;
      const { lastFinding, ...rest } = before;
      // A try that failed may be looked at together with an earlier success.
      const isLater = lastFinding?.kind === 'BackupPartial' && isOlder(run.snapshot, lastFinding);
      return { ...(isLater ? before : rest), lastBackup: run.snapshot };
    }
    case 'collapsed': {
      const { lastFinding, ...rest } = before;
      return outlastsCollapse(lastFinding) ? before : rest;
    }
    case 'partial': {
      if (isOlder(run.snapshot, before.lastBackup)) return before;
      const { id: snapshotId, time } = run.snapshot;
      return withFinding(before, { kind: 'BackupPartial', snapshotId, time, message: run.message });
    }
    case 'empty':
      return withFinding(before, { kind: 'EmptyVolume', time: run.time, message: run.message });
    case 'missing':
      return withFinding(before, missing(run));
  }
}

const missing = ({ snapshotId, time, message }: Extract<JudgedRun, { kind: 'missing' }>): BackupFinding => ({
  kind: 'SnapshotMissing',
  ...(snapshotId === undefined ? {} : { snapshotId }),
  time,
  message,
});

const endOf = (run: JudgedRun): number => Date.parse('snapshot' in run ? run.snapshot.time : run.time);

/** What is remembered after several more runs, in whatever order they were looked at. */
export const afterRuns = (before: BackupMemory, runs: readonly JudgedRun[]): BackupMemory =>
  runs.toSorted((one, other) => endOf(one) - endOf(other)).reduce(afterRun, before);

/** What decides whether snapshots may be removed. */
export interface RetentionFacts extends BackupMemory {
  /** A backup that the engine reports could not be looked at. */
  readonly isUnconfirmed: boolean;
  readonly isOverdue: boolean;
  /** The store does not let the key delete, and it is not tried again now. */
  readonly isPruningRefused: boolean;
  /** What a restore left to be answered; absent when nothing is. */
  readonly restoreFinding?: { readonly kind: string } | undefined;
}

/**
 * Why nothing may be removed from the repository, one word each; empty when the tier's retention holds. Whatever is open,
 * what has vanished may only be left in the older snapshots.
 */
export function reasonsToKeepAll(facts: RetentionFacts): string[] {
  const { lastBackup, lastFinding, collapse, isUnconfirmed, isOverdue, isPruningRefused, restoreFinding } = facts;
  return [
    ...(lastBackup === undefined ? ['NoBackupYet'] : []),
    ...(isUnconfirmed ? ['Unconfirmed'] : []),
    ...(lastFinding === undefined ? [] : [lastFinding.kind]),
    ...(collapse === undefined ? [] : ['ContentCollapsed']),
    ...(isOverdue ? ['BackupOverdue'] : []),
    ...(isPruningRefused ? ['PruningRefused'] : []),
    ...(restoreFinding === undefined ? [] : [restoreFinding.kind]),
  ];
}
