import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import type { Fixture } from '../kube/fixture.ts';

const tokenAnswer = z.object({ status: z.object({ token: z.string() }) });

/** Connects with the rights of the controller's ServiceAccount, which must be there. */
export async function connectAsController({ plane, client }: Fixture): Promise<KubeConnection> {
  const path = '/api/v1/namespaces/rebound-system/serviceaccounts/rebound-controller/token';
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { token } = tokenAnswer.parse(JSON.parse(await client.raw({ method: 'POST', path, body }))).status;
  const config = new KubeConfig();
  config.loadFromString(readFileSync(plane.kubeconfigPath, 'utf8'));
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the control plane wrote no usable kubeconfig');
  config.loadFromClusterAndUser(cluster, { name: 'controller', token });
  return new KubeConnection({ config });
}
