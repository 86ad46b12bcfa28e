import type { BackupEngines, RestoreEngines } from '../engines/engine.ts';
import type { Maintenance } from '../engines/maintenance.ts';
import type { MoverLogWatch } from '../engines/volsync/mover-log-watch.ts';
import type { RepositoryCache } from '../repositories/restic/repository-cache.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { ClusterPresence } from './cluster-presence/presence.ts';
import type { ControllerContext } from './context.ts';
import type { MoverQueue } from './mover-queue/mover-queue.ts';
import type { Reflectors } from './reflectors.ts';

/** What the controllers are made of. */
export interface ControllerParts {
  readonly context: ControllerContext;
  readonly reflectors: Reflectors;
  readonly cache: RepositoryCache;
  readonly logs: MoverLogWatch;
  readonly restoreEngines: RestoreEngines;
  readonly backupEngines: BackupEngines;
  readonly maintenance: Maintenance;
  readonly metrics: Metrics;
  /** The context's own. */
  readonly presence: ClusterPresence;
  /** The context's own. */
  readonly movers: MoverQueue;
  /** Made anew for each process that leads. */
  readonly leader: string;
}
