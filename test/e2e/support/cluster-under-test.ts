import { join } from 'node:path';

import { KubeConfig } from '@kubernetes/client-node';

import { KubeClient } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import { chooseProvider } from '../../cluster/choose-provider.ts';
import { run, tryRun, type RunResult } from '../../cluster/command.ts';
import type { ClusterEnvironment, ClusterProvider } from '../../cluster/provider.ts';

/** The running cluster and the ways to it. */
export class ClusterUnderTest {
  readonly provider: ClusterProvider;
  readonly environment: ClusterEnvironment;
  readonly client: KubeClient;
  readonly #connection: KubeConnection;

  private constructor(provider: ClusterProvider, environment: ClusterEnvironment) {
    const config = new KubeConfig();
    config.loadFromFile(environment.kubeconfigPath);
    this.provider = provider;
    this.environment = environment;
    this.#connection = new KubeConnection({ config, userAgent: 'rebound-e2e' });
    this.client = new KubeClient({ connection: this.#connection, fieldManager: 'rebound-e2e' });
  }

  /** @param chosen the first cluster if not given. */
  static async connect(chosen?: ClusterProvider): Promise<ClusterUnderTest> {
    const provider = chosen ?? (await chooseProvider());
    return new ClusterUnderTest(provider, await provider.environment());
  }

  /** Runs kubectl as an administrator. @throws ClusterError when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return run(this.#kubectl(args), { ...this.#options, ...(input === undefined ? {} : { input }) });
  }

  /** Runs kubectl, whatever comes of it. */
  tryKubectl(args: readonly string[], input?: string): Promise<RunResult> {
    return tryRun(this.#kubectl(args), { ...this.#options, ...(input === undefined ? {} : { input }) });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #kubectl(args: readonly string[]): string[] {
    return [join(this.environment.binFolder, 'kubectl'), ...args];
  }

  get #options() {
    return { env: { KUBECONFIG: this.environment.kubeconfigPath }, timeoutSeconds: 120 };
  }
}
