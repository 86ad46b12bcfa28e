/** What the choice of a snapshot needs to know of one. */
export interface SnapshotFacts {
  /** All 64 digits. */
  readonly id: string;
  readonly timeMilliseconds: number;
}

/** The first digits of a snapshot's id, as restic prints them. */
export const shortId = (id: string): string => id.slice(0, 8);

/** A snapshot, for messages. */
export const describeSnapshot = ({ id, timeMilliseconds }: SnapshotFacts): string =>
  `${shortId(id)} of ${new Date(timeMilliseconds).toISOString()}`;

/** Whether one was taken after another; of two of the same time the id decides, so that every order of them is one. */
export const isNewer = (one: SnapshotFacts, other: SnapshotFacts): boolean =>
  one.timeMilliseconds === other.timeMilliseconds ? one.id > other.id : one.timeMilliseconds > other.timeMilliseconds;

/** The one that was taken last. */
export const newestOf = <T extends SnapshotFacts>(snapshots: readonly T[]): T | undefined =>
  snapshots.reduce<T | undefined>((best, next) => (best === undefined || isNewer(next, best) ? next : best), undefined);
