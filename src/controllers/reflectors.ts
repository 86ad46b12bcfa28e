import type { Logger } from 'pino';
import type { KubeClient } from '../kube/client/client.ts';
import type { KubeObject, ResourceKind } from '../kube/model/kind.ts';
import { Reflector } from '../kube/cache/reflector.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { type Copy, copies } from './copies.ts';
import type { Stores } from './stores.ts';

/** What keeps the local copies up to date. */
export type Reflectors = ReturnType<typeof createReflectors>;

export interface ReflectorSettings {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function createReflectors({ client, logger, metrics }: ReflectorSettings) {
  const make = <T extends KubeObject>(copy: Copy<T>) =>
    new Reflector<T>({ client, logger, onReport: metrics.reflectorObserver(copy.kind.plural), ...copy });
  return {
    claims: make(copies.claims),
    unlabelledClaims: make(copies.unlabelledClaims),
    primes: make(copies.primes),
    volumes: make(copies.volumes),
    pods: make(copies.pods),
    policies: make(copies.policies),
    destinations: make(copies.destinations),
    protectedVolumes: make(copies.protectedVolumes),
    volumeRestores: make(copies.volumeRestores),
    replicationSources: make(copies.replicationSources),
    replicationDestinations: make(copies.replicationDestinations),
    snapshots: make(copies.snapshots),
    snapshotContents: make(copies.snapshotContents),
    snapshotClasses: make(copies.snapshotClasses),
    copyClaims: make(copies.copyClaims),
    moverJobs: make(copies.moverJobs),
    settings: make(copies.settings),
    storageClasses: make(copies.storageClasses),
    systemSecrets: make(copies.systemSecrets),
  };
}

export function storesOf(reflectors: Reflectors): Stores {
  return {
    claims: reflectors.claims.store,
    primes: reflectors.primes.store,
    volumes: reflectors.volumes.store,
    pods: reflectors.pods.store,
    policies: reflectors.policies.store,
    destinations: reflectors.destinations.store,
    protectedVolumes: reflectors.protectedVolumes.store,
    volumeRestores: reflectors.volumeRestores.store,
    replicationSources: reflectors.replicationSources.store,
    replicationDestinations: reflectors.replicationDestinations.store,
    snapshots: reflectors.snapshots.store,
    snapshotContents: reflectors.snapshotContents.store,
    snapshotClasses: reflectors.snapshotClasses.store,
    copyClaims: reflectors.copyClaims.store,
    moverJobs: reflectors.moverJobs.store,
    settings: reflectors.settings.store,
    storageClasses: reflectors.storageClasses.store,
    systemSecrets: reflectors.systemSecrets.store,
  };
}

/** Whether the API server has said that it does not serve a kind; false while that is not certain. */
export const isKindMissingIn = (reflectors: Reflectors, kind: Pick<ResourceKind, 'group' | 'plural'>): boolean =>
  Object.values(reflectors).some((one) => one.isKindMissing && one.reflects(kind));
