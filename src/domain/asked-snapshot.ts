import type { RestoreRequest } from './restore-request.ts';
import { newestOf, type SnapshotFacts } from './snapshot-facts.ts';

/** A request that names a snapshot, whatever is known of it. */
export type NamedRequest = Exclude<RestoreRequest, { kind: 'none' | 'latest' }>;

export type AskedSnapshot<T extends SnapshotFacts> =
  | { readonly kind: 'found'; readonly snapshot: T }
  /** The repository holds snapshots, but not the one asked for. The claim waits: a blank volume is not what was asked for. */
  | { readonly kind: 'noMatch'; readonly message: string };

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Picks the snapshot that a request names. */
export function findAskedSnapshot<T extends SnapshotFacts>(
  snapshots: readonly T[],
  request: NamedRequest,
): AskedSnapshot<T> {
  const newest = newestOf(snapshots);
  if (newest === undefined) return { kind: 'noMatch', message: 'the repository holds no snapshot' };
  switch (request.kind) {
    case 'newest':
      return { kind: 'found', snapshot: newest };
    case 'asOf': {
      const eligible = newestOf(snapshots.filter((one) => one.timeMilliseconds <= request.timeMilliseconds));
      if (eligible !== undefined) return { kind: 'found', snapshot: eligible };
      return {
        kind: 'noMatch',
        message: `no snapshot is as old as ${time(request.timeMilliseconds)}; the newest is of ${time(newest.timeMilliseconds)}`,
      };
    }
    case 'snapshot':
      return findById(snapshots, request.id);
  }
}

function findById<T extends SnapshotFacts>(snapshots: readonly T[], id: string): AskedSnapshot<T> {
  const [match, ...others] = snapshots.filter((one) => one.id.startsWith(id));
  if (match === undefined) return { kind: 'noMatch', message: `no snapshot has the id ${id}` };
  if (others.length > 0) return { kind: 'noMatch', message: `${others.length + 1} snapshots begin with ${id}` };
  return { kind: 'found', snapshot: match };
}
