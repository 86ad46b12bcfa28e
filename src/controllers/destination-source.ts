import { isDeepStrictEqual } from 'node:util';
import type { BackupDestination } from '../api/backup-destination.ts';
import type { Change } from '../kube/cache/store.ts';
import { reflectorSource, type Source } from '../runtime/source.ts';
import type { Reflectors } from './reflectors.ts';

/** What of a destination anybody but its count of movers goes by. */
function withoutCount({ metadata, spec, status }: BackupDestination): unknown {
  const { uid, annotations, deletionTimestamp } = metadata;
  return { uid, annotations, deletionTimestamp, spec, status: { ...status, movers: undefined } };
}

/** Whether nothing of a destination has changed but its count of movers. */
export const isOnlyCounted = ({ previous, current }: Change<BackupDestination>): boolean =>
  previous !== undefined && current !== undefined && isDeepStrictEqual(withoutCount(previous), withoutCount(current));

/** A source that follows the destinations, and not how many movers each has: that is another number every few seconds. */
export const destinationSource = (
  { destinations }: Pick<Reflectors, 'destinations'>,
  mapToKeys: (change: Change<BackupDestination>) => Iterable<string>,
): Source => reflectorSource(destinations, (change) => (isOnlyCounted(change) ? [] : mapToKeys(change)));
