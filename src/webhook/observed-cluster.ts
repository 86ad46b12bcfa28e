import type { Logger } from 'pino';
import type { BackupDestination } from '../api/backup-destination.ts';
import type { BackupPolicy } from '../api/backup-policy.ts';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import { DestinationCatalog } from '../destinations/catalog.ts';
import type { KubeClient } from '../kube/client/client.ts';
import { objectKey } from '../kube/model/kind.ts';
import {
  type CSIDriver,
  csiDrivers,
  type PersistentVolume,
  persistentVolumes,
  type Secret,
  secrets,
  type StorageClass,
  storageClasses,
} from '../kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../api/resource-kinds.ts';
import { Reflector, type ReflectorReport } from '../kube/cache/reflector.ts';
import type { AdmissionSources } from './admission.ts';
import { SERVING_KEYS } from '../certificates/secret-names.ts';
import { type ClassSources, freeVolumeIndexers, slimVolume, storageFactsOf } from './storage-facts.ts';

/** The local copies that admission decides from. */
export interface ObservedCluster {
  readonly policies: Reflector<BackupPolicy>;
  readonly destinations: Reflector<BackupDestination>;
  /** Of the system namespace. */
  readonly secrets: Reflector<Secret>;
  readonly storageClasses: Reflector<StorageClass>;
  readonly csiDrivers: Reflector<CSIDriver>;
  /** Slim, and found by class and by claim where nothing is bound to them. */
  readonly volumes: Reflector<PersistentVolume>;
}

/** Every copy; admission decides nothing until all are complete. */
export const copiesOf = (cluster: ObservedCluster) => [
  cluster.policies,
  cluster.destinations,
  cluster.secrets,
  cluster.storageClasses,
  cluster.csiDrivers,
  cluster.volumes,
];

export interface ObserveOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly reflectorObserver: (resource: string) => (report: ReflectorReport) => void;
}

/** What the webhook reads of Secrets. The master password of the repositories, among others, is not kept. */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  SERVING_KEYS.authorities,
  SERVING_KEYS.certificate,
  SERVING_KEYS.privateKey,
]);

function slimSecret(secret: Secret): Secret {
  const kept = Object.entries(secret.data ?? {}).filter(([key]) => KEPT_KEYS.has(key));
  return { ...secret, data: Object.fromEntries(kept) };
}

export function observeCluster({ client, logger, reflectorObserver }: ObserveOptions): ObservedCluster {
  const common = (resource: string) => ({ client, logger, onReport: reflectorObserver(resource) });
  return {
    policies: new Reflector({ ...common(backupPolicies.plural), kind: backupPolicies }),
    destinations: new Reflector({ ...common(backupDestinations.plural), kind: backupDestinations }),
    secrets: new Reflector({
      ...common(secrets.plural),
      kind: secrets,
      namespace: SYSTEM_NAMESPACE,
      select: slimSecret,
    }),
    storageClasses: new Reflector({ ...common(storageClasses.plural), kind: storageClasses }),
    csiDrivers: new Reflector({ ...common(csiDrivers.plural), kind: csiDrivers }),
    volumes: new Reflector({
      ...common(persistentVolumes.plural),
      kind: persistentVolumes,
      select: slimVolume,
      indexers: freeVolumeIndexers,
    }),
  };
}

/** The copies that are not complete yet: a sentence; undefined when all are. */
export function copyProblem(cluster: ObservedCluster): string | undefined {
  const missing = copiesOf(cluster).filter((reflector) => !reflector.isSynced);
  if (missing.length === 0) return undefined;
  return `not read from the API server yet: ${missing.map((reflector) => reflector.resource).join(', ')}`;
}

export const openCatalog = (cluster: ObservedCluster): DestinationCatalog => {
  const sources = {
    destination: (name: string) => cluster.destinations.store.get(name),
    secret: (name: string) => cluster.secrets.store.get(objectKey({ namespace: SYSTEM_NAMESPACE, name })),
  };
  return new DestinationCatalog(sources, { proxyEnvironment: process.env });
};

/** Admission's view of the cluster. */
export function admissionSources(cluster: ObservedCluster, catalog: DestinationCatalog): AdmissionSources {
  const classSources: ClassSources = {
    storageClasses: cluster.storageClasses.store,
    csiDrivers: cluster.csiDrivers.store,
    volumes: cluster.volumes.store,
  };
  return {
    tiers: () =>
      cluster.policies.store
        .all()
        .map(({ key }) => key)
        .sort(),
    policy: (tier) => cluster.policies.store.get(tier),
    storage: (claim) => storageFactsOf(classSources, claim),
    policies: () => cluster.policies.store.list(),
    destinations: () => cluster.destinations.store.all(),
    openStore: (name) => catalog.openStore(name),
    problem: () => copyProblem(cluster),
  };
}
