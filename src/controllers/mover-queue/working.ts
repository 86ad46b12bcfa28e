import type { WaitingMover, QueuedMover } from '../../domain/queue/mover.ts';
import { workingMovers, type WorkingMover } from '../../engines/mover/working-movers.ts';
import type { ReadableStore } from '../../kube/cache/store.ts';
import { UnreadableObjectError } from '../../kube/model/unreadable-object.ts';
import { RESTORES_BY_CLAIM_UID, type Stores } from '../stores.ts';

/** One mover of a task works for a claim at a time. */
export const moverId = (task: WaitingMover['task'], claimUid: string): string => `${task} ${claimUid}`;

/** What can't be read is another's trouble: whoever works still counts. */
function readable<T>(store: ReadableStore<T>, key: string): T | undefined {
  try {
    return store.get(key);
  } catch (error) {
    if (error instanceof UnreadableObjectError) return undefined;
    throw error;
  }
}

/** All movers of our own that work, by their ids. */
export function queuedMoversAtWork(stores: Stores, nowMilliseconds: number): ReadonlyMap<string, QueuedMover> {
  const isRead = (claimKey: string, runName: string): boolean =>
    readable(stores.protectedVolumes, claimKey)?.status?.lastRun?.name === runName;
  const all = workingMovers(stores, isRead, nowMilliseconds).map((one) => queuedMover(stores, one));
  return new Map(all.map((one) => [one.id, one]));
}

function queuedMover(stores: Stores, working: WorkingMover): QueuedMover {
  const { task, claimUid, namespace, claimKey = '' } = working;
  const volume = readable(stores.protectedVolumes, claimKey);
  const destination = task === 'restore' ? ofRestore(stores, claimUid) : ofTier(stores, volume?.spec.policyName);
  const isFirst = task === 'backup' && volume?.status?.lastBackup === undefined;
  return { id: moverId(task, claimUid), task, namespace, destination, isFirst };
}

const ofTier = (stores: Stores, tier: string | undefined): string | undefined =>
  tier === undefined ? undefined : readable(stores.policies, tier)?.spec.destination;

function ofRestore(stores: Stores, claimUid: string): string | undefined {
  const [restore] = stores.volumeRestores.byIndex(RESTORES_BY_CLAIM_UID, claimUid);
  const { destinationName, policyName } = restore?.status ?? {};
  return destinationName ?? ofTier(stores, policyName ?? restore?.spec.policyName);
}
