import { type KubeObject, splitKey } from '../../../src/kube/model/kind.ts';
import { Store } from '../../../src/kube/cache/store.ts';
import { copies, type Copy } from '../../../src/controllers/copies.ts';
import type { Stores } from '../../../src/controllers/stores.ts';
import type { ApiServer, Revision } from './api-server.ts';
import { isObject, type JsonObject } from './json.ts';
import { parsed } from './parsed.ts';

/** A local copy that sees the API server's changes in order, but only as far as it is told to. */
export class LaggingStore<T extends KubeObject> {
  readonly store: Store<T>;
  readonly #copy: Copy<T>;
  readonly #server: ApiServer;
  #seen = 0;

  constructor(copy: Copy<T>, server: ApiServer) {
    this.#copy = copy;
    this.#server = server;
    this.store = new Store(copy.indexers);
    this.see();
  }

  /** Sees the next changes; all of them if not told how many. */
  see(changes = Number.POSITIVE_INFINITY): void {
    const history = this.#server.historyOf(this.#copy.kind);
    const until = Math.min(history.length, this.#seen + changes);
    for (const revision of history.slice(this.#seen, until)) this.#take(revision);
    this.#seen = until;
  }

  get isUpToDate(): boolean {
    return this.#seen === this.#server.historyOf(this.#copy.kind).length;
  }

  #take({ key, object }: Revision): void {
    if (object === undefined || !this.#isSelected(key, object)) {
      this.store.delete(key);
      return;
    }
    const whole = parsed(this.#copy.kind, object);
    const slim = this.#copy.select?.(whole) ?? whole;
    this.store.set(key, { resourceVersion: whole.metadata.resourceVersion ?? '', object: slim });
  }

  #isSelected(key: string, object: JsonObject): boolean {
    const { namespace, labelSelector } = this.#copy;
    if (namespace !== undefined && splitKey(key).namespace !== namespace) return false;
    return labelSelector === undefined || matches(labelSelector, labelsOf(object));
  }
}

const labelsOf = ({ metadata }: JsonObject): JsonObject =>
  isObject(metadata) && isObject(metadata['labels']) ? metadata['labels'] : {};

/** Understands `key`, `!key` and `key=value`, joined by commas. */
function matches(selector: string, labels: JsonObject): boolean {
  return selector.split(',').every((term) => {
    if (term.startsWith('!')) return !(term.slice(1) in labels);
    const [key = '', value] = term.split('=');
    return value === undefined ? key in labels : labels[key] === value;
  });
}

export type CopyName = keyof Stores;

export interface LaggingStores {
  readonly stores: Stores;
  /** Lets one copy see its next changes; all of them if not told how many. */
  readonly see: (name: CopyName, changes?: number) => void;
  readonly seeEverything: () => void;
  readonly areUpToDate: () => boolean;
}

/** The controller's local copies, as they are when they have just been listed. */
export function createLaggingStores(server: ApiServer): LaggingStores {
  const lagging = {
    claims: new LaggingStore(copies.claims, server),
    snapshots: new LaggingStore(copies.snapshots, server),
    snapshotContents: new LaggingStore(copies.snapshotContents, server),
    snapshotClasses: new LaggingStore(copies.snapshotClasses, server),
    copyClaims: new LaggingStore(copies.copyClaims, server),
    moverJobs: new LaggingStore(copies.moverJobs, server),
    primes: new LaggingStore(copies.primes, server),
    volumes: new LaggingStore(copies.volumes, server),
    pods: new LaggingStore(copies.pods, server),
    policies: new LaggingStore(copies.policies, server),
    destinations: new LaggingStore(copies.destinations, server),
    protectedVolumes: new LaggingStore(copies.protectedVolumes, server),
    volumeRestores: new LaggingStore(copies.volumeRestores, server),
    replicationSources: new LaggingStore(copies.replicationSources, server),
    replicationDestinations: new LaggingStore(copies.replicationDestinations, server),
    settings: new LaggingStore(copies.settings, server),
    storageClasses: new LaggingStore(copies.storageClasses, server),
    systemSecrets: new LaggingStore(copies.systemSecrets, server),
  };
  return {
    stores: {
      claims: lagging.claims.store,
      primes: lagging.primes.store,
      volumes: lagging.volumes.store,
      pods: lagging.pods.store,
      policies: lagging.policies.store,
      destinations: lagging.destinations.store,
      protectedVolumes: lagging.protectedVolumes.store,
      volumeRestores: lagging.volumeRestores.store,
      replicationSources: lagging.replicationSources.store,
      replicationDestinations: lagging.replicationDestinations.store,
      snapshots: lagging.snapshots.store,
      snapshotContents: lagging.snapshotContents.store,
      snapshotClasses: lagging.snapshotClasses.store,
      copyClaims: lagging.copyClaims.store,
      moverJobs: lagging.moverJobs.store,
      settings: lagging.settings.store,
      storageClasses: lagging.storageClasses.store,
      systemSecrets: lagging.systemSecrets.store,
    },
    see: (name, changes) => lagging[name].see(changes),
    seeEverything: () => {
      for (const one of Object.values(lagging)) one.see();
    },
    areUpToDate: () => Object.values(lagging).every((one) => one.isUpToDate),
  };
}
