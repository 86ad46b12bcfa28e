import type { Logger } from 'pino';
import type { ReadableStore } from '../../kube/cache/store.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { ReplicationDestination } from './kinds.ts';
import type { PrivilegedMovers } from './privileged-movers.ts';

/** What VolSync's restores work with. */
export interface VolSyncContext {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'create' | 'mergePatch' | 'delete'>;
  /** Local copies. */
  readonly stores: {
    readonly pods: ReadableStore<Pod>;
    readonly replicationDestinations: ReadableStore<ReplicationDestination>;
  };
  readonly privilegedMovers: Pick<PrivilegedMovers, 'allowedIn'>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
