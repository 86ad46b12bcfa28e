import { KubeConfig } from '@kubernetes/client-node';

import type { ProtectedVolume } from '../../src/api/protected-volume.ts';
import { KubeClient } from '../../src/kube/client/client.ts';
import { KubeConnection } from '../../src/kube/client/connection.ts';
import type { Event } from '../../src/kube/model/built-in-kinds.ts';
import { events } from '../../src/kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../src/api/resource-kinds.ts';
import { Reflector } from '../../src/kube/cache/reflector.ts';
import { createLogger } from '../../src/runtime/logging.ts';
import type { ClusterEnvironment } from '../cluster/provider.ts';
import { kubectl } from '../install/kubectl.ts';
import type { Kubectl } from './application.ts';
import { describeProtection } from './claim-status.ts';
import { DemoError } from './demo-error.ts';

interface ClaimName {
  readonly namespace: string;
  readonly claimName: string;
}

const keyOf = ({ namespace, claimName }: ClaimName): string => `${namespace}/${claimName}`;

/** What is told about a claim: by Rebound, and warnings by whomever. Volumes come and go with a lot of other talk. */
export function isTelling({ reportingComponent, source, type }: Event): boolean {
  return type === 'Warning' || [reportingComponent, source?.component].includes('rebound');
}

/** A running cluster with Rebound on it, watched. It ends with the cluster: a rebuilt one needs a new view. */
export class ClusterView {
  readonly client: KubeClient;
  readonly kubectl: Kubectl;
  readonly #connection: KubeConnection;
  readonly #volumes: Reflector<ProtectedVolume>;
  readonly #events: Reflector<Event>;

  constructor(environment: ClusterEnvironment) {
    const config = new KubeConfig();
    config.loadFromFile(environment.kubeconfigPath);
    this.#connection = new KubeConnection({ config, userAgent: 'rebound-demo' });
    this.client = new KubeClient({ connection: this.#connection, fieldManager: 'rebound-demo' });
    this.kubectl = (words, input) => kubectl(environment, words, input);
    const common = { client: this.client, logger: createLogger({ level: 'silent' }) };
    const fieldSelector = 'involvedObject.kind=PersistentVolumeClaim';
    this.#volumes = new Reflector({ ...common, kind: protectedVolumes });
    this.#events = new Reflector({ ...common, kind: events, fieldSelector });
    this.#volumes.start();
    this.#events.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.#volumes.stop(), this.#events.stop()]);
    await this.#connection.close();
  }

  /** Calls back for everything that claims are told from now on, once. The returned function ends it. */
  onClaimEvent(tell: (event: Event) => void): () => void {
    return this.#events.subscribe(({ previous, current }) => {
      if (previous === undefined && current !== undefined && isTelling(current)) tell(current);
    });
  }

  /** What `kubectl describe pvc` shows of a claim's story, oldest first. */
  claimEvents({ namespace, claimName }: ClaimName): readonly Event[] {
    return this.#events.store
      .list()
      .filter(({ involvedObject }) => involvedObject.namespace === namespace && involvedObject.name === claimName)
      .sort((a, b) => Date.parse(a.lastTimestamp ?? '') - Date.parse(b.lastTimestamp ?? ''));
  }

  protectionOf(claim: ClaimName): ProtectedVolume | undefined {
    return this.#volumes.store.get(keyOf(claim));
  }

  /**
   * Waits until a claim's ProtectedVolume answers a question with something other than undefined, and returns that.
   * @throws DemoError naming what was waited for and where the claim stands, when the time is over.
   */
  async until<T>(
    claim: ClaimName,
    wanted: { readonly what: string; readonly timeoutSeconds: number },
    answer: (volume: ProtectedVolume | undefined) => T | undefined,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      try {
        const found = answer(this.protectionOf(claim));
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    const giveUp = (): void => {
      const standing = describeProtection(this.protectionOf(claim));
      const late = `${keyOf(claim)}: ${wanted.what} did not come within ${wanted.timeoutSeconds} s`;
      const unseen = this.#volumes.problem === undefined ? '' : ` (it can't be watched: ${this.#volumes.problem})`;
      reject(new DemoError(`${late}. It stands at ${standing}${unseen}`));
    };
    const unsubscribe = this.#volumes.subscribe(look);
    const timer = setTimeout(giveUp, wanted.timeoutSeconds * 1000);
    try {
      look();
      return await promise;
    } finally {
      clearTimeout(timer);
      unsubscribe();
    }
  }
}
