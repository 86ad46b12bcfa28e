import { pino } from 'pino';
import { SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import { EXCLUDED_NAMESPACES } from '../../src/domain/excluded-namespaces.ts';
import { DestinationCatalog } from '../../src/destinations/catalog.ts';
import type { ObjectStore } from '../../src/destinations/object-store.ts';
import { createStoredDestination } from '../../src/destinations/stored-destination.ts';
import { createRepositoryCache, type RepositoryCache } from '../../src/repositories/restic/repository-cache.ts';
import { RepositoryInitializer } from '../../src/repositories/restic/repository-initializer.ts';
import type { EventNotice } from '../../src/kube/events.ts';
import { objectKey } from '../../src/kube/model/kind.ts';
import { ClusterPresence } from '../../src/controllers/cluster-presence/presence.ts';
import { ClusterPresenceReconciler } from '../../src/controllers/cluster-presence/reconciler.ts';
import type { ControllerContext } from '../../src/controllers/context.ts';
import { ProtectedVolumeReconciler } from '../../src/controllers/protected-volume/reconciler.ts';
import { MoverQueue } from '../../src/controllers/mover-queue/mover-queue.ts';
import { PrivilegedMovers } from '../../src/engines/volsync/privileged-movers.ts';
import { RestoreForesightReconciler } from '../../src/controllers/restore-foresight/reconciler.ts';
import { EndingPrimeReconciler } from '../../src/controllers/taken-volume/prime-reconciler.ts';
import { TakenVolumeReconciler } from '../../src/controllers/taken-volume/volume-reconciler.ts';
import { moverBackups } from '../../src/engines/mover/backup.ts';
import { moverRestores } from '../../src/engines/mover/restore.ts';
import { volSyncRestores } from '../../src/engines/volsync/restore.ts';
import { MoverLogWatch } from '../../src/engines/volsync/mover-log-watch.ts';
import { VolumeRestoreReconciler } from '../../src/controllers/volume-restore/reconciler.ts';
import type { ApiServer } from '#doubles/kube/api-server.ts';
import type { DestinationDouble } from '#doubles/destinations/destination-double.ts';
import { InMemoryClient } from '#doubles/kube/in-memory-client.ts';
import { createLaggingStores, type LaggingStores } from '#doubles/kube/lagging-stores.ts';
import type { MoverLogs } from '#doubles/volsync/mover-logs.ts';

/** Nobody reads it. Each would open the output once more. */
const log = pino({ level: 'silent' });

/** One run of the controller, with what it keeps in memory. */
export interface Process {
  readonly client: InMemoryClient;
  readonly copies: LaggingStores;
  readonly context: ControllerContext;
  readonly logs: MoverLogWatch;
  readonly cache: RepositoryCache;
  /** How often the logs of movers had news for the reconcilers. */
  readonly newsHeard: () => number;
  readonly catalog: DestinationCatalog;
  readonly signs: ClusterPresenceReconciler;
  readonly restores: VolumeRestoreReconciler;
  readonly takenVolumes: TakenVolumeReconciler;
  readonly endingPrimes: EndingPrimeReconciler;
  readonly protections: ProtectedVolumeReconciler;
  readonly foresights: RestoreForesightReconciler;
}

/** What a process of the controller finds around it. */
export interface Surroundings {
  readonly server: ApiServer;
  readonly logs: MoverLogs;
  readonly events: (EventNotice & { readonly uid: string | undefined })[];
  readonly destination: DestinationDouble;
  /** Of the other destinations, by bucket. */
  readonly furtherStores: ReadonlyMap<string, ObjectStore>;
  readonly clusterUid: string;
  readonly now: () => number;
}

/** Starts a controller. It has read nothing yet. */
export function startProcess(world: Surroundings, leader: string): Process {
  const client = new InMemoryClient(world.server, world.logs);
  const copies = createLaggingStores(world.server);
  const { stores } = copies;
  const catalog = new DestinationCatalog(
    {
      destination: (name) => stores.destinations.get(name),
      secret: (name) => stores.systemSecrets.get(objectKey({ namespace: SYSTEM_NAMESPACE, name })),
    },
    {
      open: ({ bucket }, { expectedIdentity }) =>
        createStoredDestination(world.furtherStores.get(bucket) ?? world.destination.store, {
          expectedIdentity,
          nowMilliseconds: world.now,
        }),
    },
  );
  const events: ControllerContext['events'] = {
    record: (object, notice) => world.events.push({ uid: object.metadata.uid, ...notice }),
  };
  const presence = new ClusterPresence();
  const context: ControllerContext = {
    client,
    events,
    stores,
    isKindMissing: (kind) => client.isMissing(kind),
    catalog,
    repositories: new RepositoryInitializer(() => Promise.resolve(world.destination.restic.genesis)),
    clusterUid: world.clusterUid,
    ownImage: { image: 'rebound' },
    presence,
    movers: new MoverQueue({ stores, now: world.now }),
    privilegedMovers: new PrivilegedMovers(client, world.now),
    log,
    now: world.now,
  };
  const cache = createRepositoryCache();
  let newsHeard = 0;
  const logs = new MoverLogWatch(context, () => {
    newsHeard += 1;
  });
  const restoreEngines = { VolSync: volSyncRestores(context, logs), Restic: moverRestores(context, 'restic') };
  const restores = new VolumeRestoreReconciler(context, cache, restoreEngines);
  const takenVolumes = new TakenVolumeReconciler(context);
  const endingPrimes = new EndingPrimeReconciler(context);
  const protections = new ProtectedVolumeReconciler(
    { context, cache, logs, engines: { Restic: moverBackups(context, 'restic') } },
    EXCLUDED_NAMESPACES,
  );
  const foresights = new RestoreForesightReconciler(context, cache, restoreEngines);
  const signs = new ClusterPresenceReconciler(context, presence, leader);
  return {
    client,
    copies,
    context,
    logs,
    cache,
    catalog,
    signs,
    restores,
    takenVolumes,
    endingPrimes,
    protections,
    foresights,
    newsHeard: () => newsHeard,
  };
}
