/** What VolSync's mover sees of a snapshot. */
export interface ListedSnapshot {
  readonly id: string;
  /** RFC 3339, as restic wrote it, to the nanosecond. */
  readonly time: string;
  readonly timeMilliseconds: number;
  readonly paths: readonly string[];
}

/** Whether the mover can be told to restore a snapshot, or why it would never take that one. */
export type Selectability<T> =
  | { readonly kind: 'selectable' }
  /** Another of the same second is, or may be, taken in its place. */
  | { readonly kind: 'hidden'; readonly by: T }
  /** It is not of a volume that VolSync has backed up. */
  | { readonly kind: 'unseen' };

const secondOf = ({ timeMilliseconds }: ListedSnapshot): number => Math.floor(timeMilliseconds / 1000);

/**
 * The mover picks from `restic snapshots`, oldest first, the lines with "/data", by times cut to the second; of several of one
 * second it knows the last only, and `previous` counts them without telling them apart (select_restic_snapshot_to_restore
 * in mover-restic/entry.sh, v0.14).
 *
 * @param snapshots all of the repository, oldest first.
 */
export function selectability<T extends ListedSnapshot>(snapshots: readonly T[], chosen: T): Selectability<T> {
  const seen = snapshots.filter(({ paths }) => paths.some((path) => path.includes('/data')));
  if (!seen.some(({ id }) => id === chosen.id)) return { kind: 'unseen' };
  const sameSecond = seen.filter((one) => secondOf(one) === secondOf(chosen));
  const last = sameSecond.at(-1);
  // Of two with the very same time restic may list either last.
  const rival = sameSecond.findLast((one) => one.id !== chosen.id && (one === last || one.time === chosen.time));
  return rival === undefined ? { kind: 'selectable' } : { kind: 'hidden', by: rival };
}
