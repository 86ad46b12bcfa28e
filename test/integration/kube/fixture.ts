import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { KubeClient } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import { namespaces } from '../../../src/kube/model/built-in-kinds.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/native/control-plane.ts';

/** A control plane and clients to it, for one test file. */
export interface Fixture {
  readonly plane: ControlPlane;
  readonly client: KubeClient;
  readonly connection: KubeConnection;
  /** Another client, with connections of its own. */
  readonly connect: (options?: ConnectOptions) => { readonly client: KubeClient; readonly connection: KubeConnection };
  /** Makes a namespace that no other test uses. */
  readonly newNamespace: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

export interface ConnectOptions {
  readonly fieldManager?: string;
  /** Another way to the same server. */
  readonly port?: number;
  readonly proxyUrl?: string;
}

export const quiet = pino({ level: 'silent' });

export async function startFixture(): Promise<Fixture> {
  const plane = await startControlPlane();
  const connections: KubeConnection[] = [];
  const connect = ({ fieldManager = 'rebound', ...way }: ConnectOptions = {}) => {
    const connection = new KubeConnection({ config: configFor(plane, way) });
    connections.push(connection);
    return { client: new KubeClient({ connection, fieldManager }), connection };
  };
  const { client, connection } = connect();
  return {
    plane,
    client,
    connection,
    connect,
    newNamespace: async () => {
      const namespace = await client.create(namespaces, { metadata: { generateName: 'test-' } });
      return namespace.metadata.name;
    },
    stop: async () => {
      await Promise.all(connections.map((each) => each.close()));
      await plane.stop();
    },
  };
}

function configFor(plane: ControlPlane, { port, proxyUrl }: ConnectOptions): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  if (cluster === null || user === null) throw new Error('the control plane wrote no usable kubeconfig');
  const server = port === undefined ? cluster.server : `https://127.0.0.1:${port}`;
  config.loadFromClusterAndUser({ ...cluster, server, ...(proxyUrl === undefined ? {} : { proxyUrl }) }, user);
  return config;
}
