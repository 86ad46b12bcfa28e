import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { FIELD_MANAGER, SYSTEM_NAMESPACE } from '../api/group.ts';
import type { ControllerSettings } from '../config/controller-settings.ts';
import { ensureDefaultPolicies } from '../controllers/backup-policy/default-policies.ts';
import { ClusterPresence } from '../controllers/cluster-presence/presence.ts';
import type { ControllerContext, OwnImage } from '../controllers/context.ts';
import { createControllers } from '../controllers/controllers.ts';
import { awaitDefinitions } from '../controllers/kind-definitions/await-definitions.ts';
import { DefinitionWatch } from '../controllers/kind-definitions/definition-watch.ts';
import { MoverQueue } from '../controllers/mover-queue/mover-queue.ts';
import { createReflectors, isKindMissingIn, storesOf } from '../controllers/reflectors.ts';
import { registerProtectionMetrics } from '../controllers/protection-metrics.ts';
import { moverBackups } from '../engines/mover/backup.ts';
import { moverMaintenance } from '../engines/mover/maintenance.ts';
import { moverRestores } from '../engines/mover/restore.ts';
import { PrivilegedMovers } from '../engines/volsync/privileged-movers.ts';
import type { Stores } from '../controllers/stores.ts';
import { MoverLogWatch } from '../engines/volsync/mover-log-watch.ts';
import { volSyncRestores } from '../engines/volsync/restore.ts';
import { DestinationCatalog } from '../destinations/catalog.ts';
import { RepositoryInitializer } from '../repositories/restic/repository-initializer.ts';
import { createRepositoryCache } from '../repositories/restic/repository-cache.ts';
import { KubeClient } from '../kube/client/client.ts';
import { systemClock } from '../time/clock.ts';
import { KubeConnection } from '../kube/client/connection.ts';
import { EventRecorder } from '../kube/events.ts';
import { objectKey } from '../kube/model/kind.ts';
import { namespaces, pods } from '../kube/model/built-in-kinds.ts';
import { LeaderElector } from '../kube/lease.ts';
import { controllerKeysOf } from '../kube/cache/store.ts';
import type { Controller } from '../runtime/controller.ts';
import { HealthServer } from '../runtime/health-server.ts';
import { Lifecycle } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logging.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { certificateController } from '../controllers/webhook-certificates/controller.ts';

/** The lease that the acting controller holds. */
const LEASE_NAME = 'rebound-controller';

/** The controller's in its pod (manifests/controller/deployment.yaml); others may have been injected. */
const CONTAINER_NAME = 'controller';

/** Runs the role `rebound controller` until the process is asked to end. */
export async function runController(settings: ControllerSettings): Promise<void> {
  const log = createLogger({ level: settings.logLevel, base: { role: 'controller', instance: settings.instance } });
  const metrics = createMetrics();
  const connection = new KubeConnection({ userAgent: 'rebound-controller' });
  const client = new KubeClient({ connection, fieldManager: FIELD_MANAGER, onRequest: metrics.onRequest });
  const lifecycle = new Lifecycle({ logger: log });

  const reflectors = createReflectors({ client, logger: log, metrics });
  const elector = electorOf(settings, log);
  const definitions = new DefinitionWatch({ client, logger: log, onLost: () => process.exit(1) });
  addHealth(lifecycle, { settings, metrics, reflectors, elector, definitions });
  lifecycle.add({ name: 'connection', stop: () => connection.close() });
  lifecycle.add({ name: 'watch of definitions', start: () => definitions.start(), stop: () => definitions.stop() });
  const lead = async (): Promise<void> => {
    elector.start();
    await elector.elected();
  };
  lifecycle.add({ name: 'lease', start: lead, stop: () => elector.stop() });

  const stores = storesOf(reflectors);
  const catalog = catalogOf(stores);
  registerProtectionMetrics(metrics.registry, stores);
  const { instance } = settings;
  const events = new EventRecorder({ client, component: 'rebound', instance, logger: log, onOutcome: metrics.onEvent });
  let clusterUid = '';
  const presence = new ClusterPresence();
  const movers = new MoverQueue({ stores, now: () => Date.now() });
  let ownImage: OwnImage | undefined;
  const context: ControllerContext = {
    client,
    events,
    stores,
    isKindMissing: (kind) => isKindMissingIn(reflectors, kind),
    catalog,
    repositories: new RepositoryInitializer(),
    get clusterUid() {
      return clusterUid;
    },
    presence,
    movers,
    privilegedMovers: new PrivilegedMovers(client, () => Date.now()),
    get ownImage() {
      return ownImage;
    },
    log,
    now: () => Date.now(),
  };
  lifecycle.add({ name: 'definitions', start: () => awaitDefinitions(context, definitions, systemClock) });
  // Nothing that is started after it works without.
  lifecycle.add({ name: 'cluster UID', start: async () => void (clusterUid = await readClusterUid(client)) });
  lifecycle.add({ name: 'own image', start: async () => void (ownImage = await readOwnImage(client, instance)) });
  lifecycle.add({ name: 'catalog', stop: () => catalog.close() });
  lifecycle.add({ name: 'events', stop: () => events.flush() });
  lifecycle.add({ name: 'default policies', start: () => ensureDefaultPolicies(context) });
  for (const one of Object.values(reflectors)) {
    lifecycle.add({ name: `copy of ${one.resource}`, start: () => one.start(), stop: () => one.stop() });
  }
  if (settings.certificateRotation === 'built-in') {
    addControllers(lifecycle, [certificateController({ client, log, metrics })]);
  }
  addReconcilers(lifecycle, { context, reflectors, metrics, presence, movers, resticImage: settings.resticImage });
  await lifecycle.run();
}

/**
 * UID of the namespace kube-system, which no cluster shares with another unless one is a copy of the other.
 *
 * @throws when it can't be read: the process ends, and is started again.
 */
async function readClusterUid(client: KubeClient): Promise<string> {
  const namespace = await client.get(namespaces, { name: 'kube-system' });
  if (namespace?.metadata.uid === undefined)
    throw new Error('the namespace kube-system, which names the cluster, is not there');
  return namespace.metadata.uid;
}

/**
 * The image of the pod that this process runs in; undefined when there is no such pod.
 *
 * @throws when it can't be read.
 */
async function readOwnImage(client: KubeClient, instance: string): Promise<OwnImage | undefined> {
  const pod = await client.get(pods, { namespace: SYSTEM_NAMESPACE, name: instance });
  const container = pod?.spec.containers.find(({ name }) => name === CONTAINER_NAME);
  if (container?.image === undefined) return undefined;
  return { image: container.image, imagePullPolicy: container.imagePullPolicy };
}

/** The lease has a connection of its own: a queue of slow calls must not cost the leadership. */
function electorOf(settings: ControllerSettings, logger: Logger): LeaderElector {
  const connection = new KubeConnection({ userAgent: 'rebound-controller', maximumConnections: 2 });
  return new LeaderElector({
    client: new KubeClient({ connection, fieldManager: FIELD_MANAGER }),
    lease: { namespace: SYSTEM_NAMESPACE, name: LEASE_NAME },
    identity: settings.instance,
    logger,
    // Another may act already: nothing more may be written, so the process ends as it stands.
    onLost: () => process.exit(1),
  });
}

interface HealthParts {
  readonly settings: ControllerSettings;
  readonly metrics: Metrics;
  readonly reflectors: ReturnType<typeof createReflectors>;
  readonly elector: LeaderElector;
  readonly definitions: DefinitionWatch;
}

/**
 * A replica that stands by is ready; the one that acts is once it has read everything. Neither is without the definitions of this
 * version: a Deployment that is rolled out before them keeps the replicas that it has.
 */
function addHealth(lifecycle: Lifecycle, parts: HealthParts): void {
  const { settings, metrics, reflectors, elector, definitions } = parts;
  const copies = (): string | undefined => {
    const unread = elector.isLeader ? Object.values(reflectors).find((one) => !one.isSynced) : undefined;
    return unread === undefined ? undefined : `still reading ${unread.resource}`;
  };
  const health = new HealthServer({
    port: settings.healthPort,
    ...(settings.healthHost === undefined ? {} : { host: settings.healthHost }),
    registry: metrics.registry,
    readiness: { definitions: () => definitions.problem, copies },
  });
  const start = async (): Promise<void> => {
    await health.start();
  };
  lifecycle.add({ name: 'health', start, stop: () => health.stop() });
}

function catalogOf(stores: Stores): DestinationCatalog {
  const sources = {
    destination: (name: string) => stores.destinations.get(name),
    secret: (name: string) => stores.systemSecrets.get(objectKey({ namespace: SYSTEM_NAMESPACE, name })),
  };
  return new DestinationCatalog(sources, { proxyEnvironment: process.env });
}

interface ReconcilerParts {
  readonly resticImage: string;
  readonly context: ControllerContext;
  readonly reflectors: ReturnType<typeof createReflectors>;
  readonly metrics: Metrics;
  readonly presence: ClusterPresence;
  readonly movers: MoverQueue;
}

function addReconcilers(lifecycle: Lifecycle, parts: ReconcilerParts): void {
  const { context, reflectors, metrics, presence, movers, resticImage } = parts;
  const restoresOf = controllerKeysOf('VolumeRestore');
  let controllers: readonly Controller[] = [];
  const logs = new MoverLogWatch(context, (attempt) => {
    const object = context.stores.replicationDestinations.get(attempt);
    if (object === undefined) return;
    const restores = controllers.find((one) => one.name === 'volume-restore');
    for (const key of restoresOf(object)) restores?.enqueue(key);
  });
  controllers = createControllers({
    context,
    reflectors,
    cache: createRepositoryCache(),
    logs,
    backupEngines: { Restic: moverBackups(context, resticImage) },
    restoreEngines: { VolSync: volSyncRestores(context, logs), Restic: moverRestores(context, resticImage) },
    maintenance: moverMaintenance(context, resticImage),
    metrics,
    presence,
    movers,
    leader: randomUUID(),
  });
  lifecycle.add({ name: 'mover logs', stop: () => logs.close() });
  addControllers(lifecycle, controllers);
}

function addControllers(lifecycle: Lifecycle, controllers: readonly Controller[]): void {
  for (const one of controllers) {
    lifecycle.add({ name: one.name, start: () => one.start(), stop: () => one.stop() });
  }
}
