import type { BackupAccount } from './backup-account.ts';
import type { Content } from '#doubles/kube/cluster.ts';
import type { RepositoryTruth, TrueSnapshot } from '#doubles/destinations/repository-truth.ts';

/** How much older than the newest the snapshot may be that comes back unasked, with a warning: one and a half hours. */
const STEP_MILLISECONDS = 1.5 * 3_600_000;

/** What is given to a claim that waited for a restore. */
export interface HandOver {
  readonly content: Content;
  /** All that its user has asked for by annotation, now or before. */
  readonly asked: readonly string[];
  /** Whether the claim was told that an older one comes back. */
  readonly isWarned: boolean;
}

/** Says what is wrong with it; nothing when it is what the claim should get. */
export function faultOf(given: HandOver, truth: RepositoryTruth, account: BackupAccount): string | undefined {
  const { content } = given;
  if (!content.complete) return 'half of a restore';
  // Who asks for none when the claim is made gets no restore: a claim that waits for one waits on.
  if (content.files === 0) return truth.snapshots.length > 0 ? 'nothing, though there is a backup' : undefined;
  const snapshot = truth.snapshots.find((one) => one.id === content.snapshotId);
  // Somebody removed it while it was brought back.
  if (snapshot === undefined) return content.snapshotId === undefined ? 'what no snapshot holds' : undefined;
  if (content.files !== snapshot.content.files) return 'not what its snapshot holds';
  if (isAsked(given, truth)) return undefined;
  return faultOfKind(snapshot, truth, account) ?? faultOfAge(snapshot, given, truth);
}

/** Whether what is given is what its user has asked for, and so answered for. */
export const isAsked = ({ content, asked }: Pick<HandOver, 'content' | 'asked'>, truth: RepositoryTruth): boolean =>
  truth.snapshots
    .filter(({ id }) => id === content.snapshotId)
    .some((snapshot) => asked.some((request) => isAskedFor(request, snapshot, truth)));

/** Who asks for a time gets the newest of then, whatever is known of it. */
function isAskedFor(request: string, { id }: TrueSnapshot, truth: RepositoryTruth): boolean {
  if (request === 'newest') return true;
  return request.startsWith('20') ? truth.asOf(request)?.id === id : id.startsWith(request);
}

/** One that nobody saw end may come back where it lacks nothing of a good one: files are numbered, so more are all. */
function faultOfKind(snapshot: TrueSnapshot, truth: RepositoryTruth, account: BackupAccount): string | undefined {
  if (account.mayPassForGood(snapshot)) return undefined;
  const { files } = snapshot.content;
  const isNoWorse = truth.snapshots.some(
    (one) => one !== snapshot && account.isGood(one) && one.content.files <= files,
  );
  if (isNoWorse && !account.isSeen(snapshot)) return undefined;
  return snapshot.whole ? 'a collapsed snapshot that nobody accepted' : 'a partial snapshot that nobody asked for';
}

function faultOfAge(snapshot: TrueSnapshot, { isWarned }: HandOver, truth: RepositoryTruth): string | undefined {
  const { newest } = truth;
  if (newest === undefined || newest === snapshot) return undefined;
  if (!isWarned) return 'an older snapshot, without a warning';
  const gap = newest.timeMilliseconds - snapshot.timeMilliseconds;
  return gap > STEP_MILLISECONDS ? `a snapshot that is ${gap / 3_600_000} hours older than the newest` : undefined;
}
