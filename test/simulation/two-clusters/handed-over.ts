import type { Content } from '#doubles/kube/cluster.ts';
import type { RepositoryTruth, TrueSnapshot } from '#doubles/destinations/repository-truth.ts';

/** How much older than what is due the snapshot may be that comes back unasked, with a warning: one and a half hours. */
const STEP_MILLISECONDS = 1.5 * 3_600_000;

/** What is given to a claim that waited for a restore. */
export interface HandOver {
  readonly content: Content;
  /** The newest one that the ledger vouched for, at each time since its mover was made; undefined where there was none. */
  readonly due: readonly (TrueSnapshot | undefined)[];
  /** Whether its user has answered a question by annotation. */
  readonly isAskedFor: boolean;
  /** Whether the claim was told that an older one comes back. */
  readonly isWarned: boolean;
}

/** Says what is wrong with it; nothing when it is what the claim should get. */
export function faultOf({ content, due, isAskedFor, isWarned }: HandOver, truth: RepositoryTruth): string | undefined {
  if (!content.complete) return 'half of a restore';
  if (content.files === 0) return truth.newest === undefined ? undefined : 'nothing, though there is a backup';
  const given = truth.snapshots.find((one) => one.id === content.snapshotId);
  // Whoever prunes has removed it while it was brought back.
  if (given === undefined) return content.snapshotId === undefined ? 'what no snapshot holds' : undefined;
  if (content.files !== given.content.files) return 'not what its snapshot holds';
  if (isAskedFor || due.some((latest) => latest !== undefined && isNoWorse(given, latest))) return undefined;
  const latest = due.findLast((one) => one !== undefined);
  if (latest === undefined) return 'what nothing vouches for, unasked';
  return faultOfAge(given, latest, isWarned);
}

/** A newer one of which the ledger says nothing may come back where it lacks nothing: files are numbered, so more are all. */
const isNoWorse = (given: TrueSnapshot, latest: TrueSnapshot): boolean =>
  given === latest || (given.timeMilliseconds > latest.timeMilliseconds && given.content.files >= latest.content.files);

function faultOfAge(given: TrueSnapshot, latest: TrueSnapshot, isWarned: boolean): string | undefined {
  const gap = latest.timeMilliseconds - given.timeMilliseconds;
  const what = `a snapshot of ${given.writer}, not that of ${latest.writer} which is vouched for`;
  if (gap < 0) return `${what}, and which it lacks files of`;
  if (!isWarned) return `${what} and newer, without a warning`;
  return gap > STEP_MILLISECONDS ? `${what} and ${gap / 3_600_000} hours newer` : undefined;
}
