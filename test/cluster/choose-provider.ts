import { ClusterError } from './cluster-error.ts';
import { tryRun } from './command.ts';
import { KindProvider } from './kind/kind-provider.ts';
import { NativeProvider } from './native/native-provider.ts';
import type { ClusterProvider } from './provider.ts';

/** Whether a Docker engine answers, not just whether its client is installed. */
async function hasDockerEngine(): Promise<boolean> {
  const asked = await tryRun(['docker', 'info', '--format', '{{.ID}}'], { timeoutSeconds: 10 }).catch(() => undefined);
  return asked?.exitCode === 0;
}

/**
 * `kind` where a Docker engine answers, else `native`; REBOUND_CLUSTER_PROVIDER overrules.
 * @throws ClusterError when the variable names no provider.
 */
export async function chooseProvider(): Promise<ClusterProvider> {
  const wanted = process.env['REBOUND_CLUSTER_PROVIDER'];
  const name = wanted ?? ((await hasDockerEngine()) ? 'kind' : 'native');
  if (name === 'native') return new NativeProvider();
  if (name === 'kind') return new KindProvider();
  throw new ClusterError(`REBOUND_CLUSTER_PROVIDER is "${name}": set it to kind or native`);
}
