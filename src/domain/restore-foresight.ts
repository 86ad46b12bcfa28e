import { isDeepStrictEqual } from 'node:util';
import type { RestoreForesight, TreeFacts } from '../api/restore-foresight.ts';
import type { MoverUser, SnapshotReference } from '../api/snapshot.ts';
import type { RestoreLimit } from './restore-limits.ts';

const DAY_MILLISECONDS = 86_400_000;
/** What was found to be limited may have been mended. */
const LIMITED_AGAIN_MILLISECONDS = DAY_MILLISECONDS;
const PLAIN_AGAIN_MILLISECONDS = 7 * DAY_MILLISECONDS;
/** What is half or twice as much is something else. */
const GROWTH = 2;

/** What is known when it is asked whether a backup has to be looked into. */
export interface LookFacts {
  /** What was found in an earlier one. */
  readonly before: RestoreForesight | undefined;
  readonly lastBackup: SnapshotReference;
  readonly moverUser: MoverUser;
  /** RFC 3339; when the claim was made. */
  readonly claimCreated: string;
}

const countOf = ({ files, directories }: SnapshotReference): number | undefined =>
  files === undefined ? undefined : files + (directories ?? 0);

function hasOtherContent(before: SnapshotReference, now: SnapshotReference): boolean {
  const [was, is] = [countOf(before), countOf(now)];
  if (was === undefined || is === undefined) return false;
  return is > was * GROWTH || was > is * GROWTH;
}

/**
 * Whether the newest backup has to be looked into: the first time; once the movers' user is another, or the content half or
 * twice as much; and now and then. The first backup of an application that has just started says little of what it will
 * hold, so the next look comes when the claim is twice as old, until that is longer than a week, or a day.
 */
export function isLookDue({ before, lastBackup, moverUser, claimCreated }: LookFacts): boolean {
  if (before === undefined) return true;
  const { snapshot, tree, told } = before;
  if (snapshot.id === lastBackup.id) return false;
  if (tree === undefined || !isDeepStrictEqual(before.moverUser, moverUser)) return true;
  const ageMilliseconds = Date.parse(lastBackup.time) - Date.parse(snapshot.time);
  const claimAgeMilliseconds = Math.max(0, Date.parse(snapshot.time) - Date.parse(claimCreated));
  const againMilliseconds = told.length > 0 ? LIMITED_AGAIN_MILLISECONDS : PLAIN_AGAIN_MILLISECONDS;
  return ageMilliseconds >= Math.min(claimAgeMilliseconds, againMilliseconds) || hasOtherContent(snapshot, lastBackup);
}

/** Whether something is foreseen that the user was not told, or was told of other movers. What is recorded is all that counts. */
export function isForesightNews(before: RestoreForesight | undefined, now: RestoreForesight): boolean {
  if (now.told.length === 0) return false;
  if (before === undefined || !isDeepStrictEqual(before.moverUser, now.moverUser)) return true;
  return now.told.some((reason) => !before.told.includes(reason));
}

/** How a restore is foreseen, as a condition shows it. */
export interface ForesightView {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: 'Foreseen' | 'NothingForeseen' | 'PartlyRead' | 'Unread';
  readonly message: string;
}

/** It is not known what the backup holds. */
export const unreadView = (why: string): ForesightView => ({
  status: 'Unknown',
  reason: 'Unread',
  message: `What a restore would lack is not known, for the newest backup could not be looked into: ${why}`,
});

const looked = ({ entries, whole }: TreeFacts): string =>
  whole ? `the ${entries} files and folders of the backup` : `the first ${entries} files and folders of the backup`;

/** Puts into words what was found: what a restore will lack, the worst first, and then each cure once. */
export function viewForesight(
  { tree, unread = 'no reason is known' }: Pick<RestoreForesight, 'tree' | 'unread'>,
  limits: readonly RestoreLimit[],
): ForesightView {
  if (limits.length > 0) {
    const cures = new Set(limits.map(({ cure }) => cure));
    const rest = tree?.whole === false ? [`Only ${looked(tree)} were looked at.`] : [];
    const sentences = [...limits.map(({ message }) => message), ...rest, ...cures];
    return { status: 'True', reason: 'Foreseen', message: sentences.join(' ') };
  }
  if (tree === undefined) return unreadView(unread);
  const message = `Nothing that a restore would lack is seen in ${looked(tree)}`;
  return tree.whole
    ? { status: 'False', reason: 'NothingForeseen', message: `${message}.` }
    : { status: 'Unknown', reason: 'PartlyRead', message: `${message}; there are more, which were not looked at.` };
}
