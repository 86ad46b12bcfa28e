import { createLogger } from '../../../src/runtime/logging.ts';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import { Reflector } from '../../../src/kube/cache/reflector.ts';
import { claimName, namespace } from './cluster-world.ts';

/** Milliseconds by `performance.now()` at which something was first seen. */
export type Sightings = ReadonlyMap<string, number>;

/** Watches the claim be bound, and on the way there the phases of its restore, if it has one of ours. */
export class ClaimClock {
  readonly #claims: Reflector<ReturnType<typeof persistentVolumeClaims.parse>>;
  readonly #restores: Reflector<ReturnType<typeof volumeRestores.parse>>;
  readonly #sightings = new Map<string, number>();
  #bound = Promise.withResolvers<undefined>();

  constructor(client: KubeClient) {
    const common = { client, namespace, logger: createLogger({ level: 'silent' }) };
    this.#claims = new Reflector({ ...common, kind: persistentVolumeClaims });
    this.#restores = new Reflector({ ...common, kind: volumeRestores });
    this.#claims.subscribe(({ current }) => {
      if (current?.metadata.name !== claimName || current.status?.phase !== 'Bound') return;
      this.#see('Bound');
      this.#bound.resolve(undefined);
    });
    this.#restores.subscribe(({ current }) => {
      if (current?.status?.phase !== undefined) this.#see(current.status.phase);
    });
  }

  async start(): Promise<void> {
    this.#claims.start();
    this.#restores.start();
    await Promise.all([this.#claims.hasSynced(), this.#restores.hasSynced()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#claims.stop(), this.#restores.stop()]);
  }

  /** Does what is to end in the claim's being bound; returns what was seen, in milliseconds from the beginning. */
  async time(work: () => Promise<unknown>): Promise<Sightings> {
    this.#sightings.clear();
    this.#bound = Promise.withResolvers();
    const startedAt = performance.now();
    await work();
    await this.#bound.promise;
    return new Map([...this.#sightings].map(([what, at]) => [what, at - startedAt]));
  }

  #see(what: string): void {
    if (!this.#sightings.has(what)) this.#sightings.set(what, performance.now());
  }
}
