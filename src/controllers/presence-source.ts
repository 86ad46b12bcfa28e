import type { Source } from '../runtime/source.ts';
import type { ClusterPresence } from './cluster-presence/presence.ts';

/** A source that names who has to do with a destination when backups into it must stop, or may begin or go on. */
export const presenceSource = (
  presence: ClusterPresence,
  keysOfDestination: (destination: string) => Iterable<string>,
): Source => ({
  hasSynced: () => Promise.resolve(),
  start: (enqueue) =>
    presence.follow((destination) => {
      for (const key of keysOfDestination(destination)) enqueue(key);
    }),
});
