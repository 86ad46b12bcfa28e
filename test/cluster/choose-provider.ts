import { existsSync } from 'node:fs';

import { ClusterError } from './cluster-error.ts';
import { tryRun } from './command.ts';
import { KindProvider } from './kind/kind-provider.ts';
import { secondCluster } from './native/layout.ts';
import { NativeProvider } from './native/native-provider.ts';
import { SecondControlPlane } from './native/second-control-plane.ts';
import type { Cluster, ClusterProvider } from './provider.ts';

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
  return (await chooseName()) === 'native' ? new NativeProvider() : new KindProvider();
}

async function chooseName(): Promise<ClusterProvider['name']> {
  const wanted = process.env['REBOUND_CLUSTER_PROVIDER'];
  const name = wanted ?? ((await hasDockerEngine()) ? 'kind' : 'native');
  if (name === 'native' || name === 'kind') return name;
  throw new ClusterError(`REBOUND_CLUSTER_PROVIDER is "${name}": set it to kind or native`);
}

/**
 * A second cluster with a node, beside the first.
 * @throws ClusterError where the first is not native.
 */
export async function chooseSecondProvider(name: string): Promise<ClusterProvider> {
  if ((await chooseName()) === 'native') return new NativeProvider(secondCluster(name));
  throw new ClusterError('there is a second cluster on the native provider only: set REBOUND_CLUSTER_PROVIDER=native');
}

/**
 * The first cluster, or the one of that name: what it was made as, if it is there.
 * @param controlPlane whether a new one has no nodes.
 * @throws ClusterError when there can be no such cluster.
 */
export async function chooseCluster(name: string | undefined, controlPlane: boolean): Promise<Cluster> {
  if (name === undefined && controlPlane) throw new ClusterError('a control plane alone needs a name: add --name b');
  if (name === undefined) return chooseProvider();
  const plane = new SecondControlPlane(name);
  if (plane.exists) return plane;
  const isNode = existsSync(secondCluster(name).containerd);
  if (controlPlane && isNode) {
    throw new ClusterError(`cluster ${name} has a node: end it with "npm run cluster -- down --delete --name ${name}"`);
  }
  return controlPlane ? plane : chooseSecondProvider(name);
}
