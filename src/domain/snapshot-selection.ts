import type { RestoreRequest } from './restore-request.ts';

/** What the choice needs to know of a snapshot. */
export interface SnapshotFacts {
  /** All 64 digits. */
  readonly id: string;
  readonly timeMilliseconds: number;
}

export type SnapshotChoice<T extends SnapshotFacts> =
  | { readonly kind: 'chosen'; readonly snapshot: T }
  /** The repository holds snapshots, but not the one asked for. The claim waits: a blank volume is not what was asked for. */
  | { readonly kind: 'noMatch'; readonly message: string };

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

const newestOf = <T extends SnapshotFacts>(snapshots: readonly T[]): T | undefined =>
  snapshots.reduce<T | undefined>(
    (best, next) => (best === undefined || next.timeMilliseconds >= best.timeMilliseconds ? next : best),
    undefined,
  );

/** Picks the snapshot that a request means. */
export function chooseSnapshot<T extends SnapshotFacts>(
  snapshots: readonly T[],
  request: Exclude<RestoreRequest, { kind: 'none' }>,
): SnapshotChoice<T> {
  const newest = newestOf(snapshots);
  if (newest === undefined) return { kind: 'noMatch', message: 'the repository holds no snapshot' };
  switch (request.kind) {
    case 'latest':
    case 'newest':
      return { kind: 'chosen', snapshot: newest };
    case 'asOf': {
      const eligible = newestOf(snapshots.filter((one) => one.timeMilliseconds <= request.timeMilliseconds));
      if (eligible !== undefined) return { kind: 'chosen', snapshot: eligible };
      return {
        kind: 'noMatch',
        message: `no snapshot is as old as ${time(request.timeMilliseconds)}; the newest is of ${time(newest.timeMilliseconds)}`,
      };
    }
    case 'snapshot':
      return chooseById(snapshots, request.id);
  }
}

function chooseById<T extends SnapshotFacts>(snapshots: readonly T[], id: string): SnapshotChoice<T> {
  const [match, ...others] = snapshots.filter((one) => one.id.startsWith(id));
  if (match === undefined) return { kind: 'noMatch', message: `no snapshot has the id ${id}` };
  if (others.length > 0) return { kind: 'noMatch', message: `${others.length + 1} snapshots begin with ${id}` };
  return { kind: 'chosen', snapshot: match };
}
