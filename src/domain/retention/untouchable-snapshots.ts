import { isNewer, newestOf, type SnapshotFacts } from '../snapshot-facts.ts';
import type { KeepReason } from './keep-rules.ts';

/** What a claim's history says of the snapshots in its repository. */
export interface HistoryFacts {
  /** All that the repository holds, in any order. */
  readonly snapshots: readonly SnapshotFacts[];
  /** Ids of the runs that the ledger calls whole, whether they are there still or not. */
  readonly goodIds: ReadonlySet<string>;
  /** Ids that somebody holds on to, by what: the last restore, a record, a person. */
  readonly held: ReadonlyMap<string, KeepReason>;
  /** Value of rebound.dev/restore on the claim: the beginning of an id, a time, or another word. */
  readonly request: string | undefined;
}

const FEWEST_DIGITS = 8;

/**
 * The snapshots that no rule of a tier may ever remove, with the reason: the newest one, the newest that is known to be good, what is
 * held on to, and what the claim would be restored from if it were created again now.
 */
export function untouchableSnapshots(facts: HistoryFacts): ReadonlyMap<string, KeepReason> {
  const { snapshots, goodIds, held } = facts;
  const newest = newestOf(snapshots);
  const newestGood = newestOf(snapshots.filter(({ id }) => goodIds.has(id)));
  return new Map([
    ...held,
    ...askedFor(facts).map(({ id }) => [id, 'annotation rebound.dev/restore'] as const),
    ...(newest === undefined ? [] : [[newest.id, 'newest'] as const]),
    ...(newestGood === undefined ? [] : [[newestGood.id, 'newest good backup'] as const]),
  ]);
}

/** What a request for an id, or for a time, would bring back. */
function askedFor({ snapshots, request }: HistoryFacts): readonly SnapshotFacts[] {
  if (request === undefined || request.length < FEWEST_DIGITS) return [];
  const named = snapshots.filter(({ id }) => id.startsWith(request));
  const timeMilliseconds = Date.parse(request);
  if (named.length > 0 || Number.isNaN(timeMilliseconds)) return named;
  const before = snapshots.filter((one) => one.timeMilliseconds <= timeMilliseconds);
  return before.filter((one) => !before.some((other) => isNewer(other, one)));
}
