import { randomBytes } from 'node:crypto';

import type { KubeClient } from '../../../src/kube/client/client.ts';
import { isAlreadyExists } from '../../../src/kube/client/errors.ts';
import {
  namespaces,
  persistentVolumeClaims,
  type PersistentVolumeClaim,
} from '../../../src/kube/model/built-in-kinds.ts';
import { claimManifest, type ClaimOptions } from './claim-manifest.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { eventually } from './eventually.ts';
import { worldOf } from './world.ts';

/** Every namespace of these tests starts so. */
export const NAMESPACE_PREFIX = 'e2e-';

/** A namespace that one test has to itself, and what it made outside of it. */
export class Workspace {
  readonly cluster: ClusterUnderTest;
  readonly namespace: string;
  readonly #endings: (() => Promise<unknown>)[] = [];

  constructor(cluster: ClusterUnderTest, namespace = `${NAMESPACE_PREFIX}${randomBytes(4).toString('hex')}`) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  get client(): KubeClient {
    return this.cluster.client;
  }

  /** Makes the namespace, also again after {@link deleteNamespace}. */
  async createNamespace(): Promise<void> {
    await this.client.create(namespaces, { metadata: { name: this.namespace } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    // Pods need the service account, which the controller manager makes.
    await eventually(`namespace ${this.namespace} to be usable`, () =>
      this.cluster.kubectl(['-n', this.namespace, 'get', 'serviceaccount', 'default']),
    );
  }

  /** Deletes the namespace and waits until nothing of it is left. */
  async deleteNamespace(): Promise<void> {
    await this.client.delete(namespaces, { name: this.namespace });
    await eventually(
      `namespace ${this.namespace} to be gone`,
      async () => (await this.client.get(namespaces, { name: this.namespace })) === undefined,
      { describe: () => this.cluster.kubectl(['get', 'namespace', this.namespace, '-o', 'yaml']) },
    );
  }

  /** Has something undone when the test is over, whatever became of it. The last comes first. */
  onEnd(undo: () => Promise<unknown>): void {
    this.#endings.unshift(undo);
  }

  async end(): Promise<void> {
    for (const undo of this.#endings.splice(0)) await undo();
  }

  createClaim(name: string, options: ClaimOptions = {}): Promise<PersistentVolumeClaim> {
    const { metadata, ...rest } = claimManifest(name, options);
    return this.client.create(persistentVolumeClaims, {
      metadata: { ...metadata, namespace: this.namespace },
      ...rest,
    });
  }

  /** @throws Error when there is no such claim. */
  async claim(name: string): Promise<PersistentVolumeClaim> {
    const claim = await this.client.get(persistentVolumeClaims, { namespace: this.namespace, name });
    if (claim === undefined) throw new Error(`there is no claim ${this.namespace}/${name}`);
    return claim;
  }

  /** As {@link eventually}, with this namespace described when the time is over. */
  eventually<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMilliseconds = 180_000): Promise<T> {
    const describe = () => worldOf(this.cluster, this.namespace);
    return eventually(`${what} in ${this.namespace}`, look, { timeoutMilliseconds, describe });
  }

  untilBound(name: string, timeoutMilliseconds?: number): Promise<PersistentVolumeClaim> {
    const look = async () => {
      const claim = await this.claim(name);
      return claim.status?.phase === 'Bound' ? claim : undefined;
    };
    return this.eventually(`claim ${name} to be bound`, look, timeoutMilliseconds);
  }
}
