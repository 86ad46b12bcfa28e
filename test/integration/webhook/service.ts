import { connect, createServer, type Socket } from 'node:net';
import type { WebhookProcess } from './webhook-process.ts';

/**
 * Stands in for a Service: sends each new connection to one of its ready endpoints, in turn. Like the real one it learns
 * late that an endpoint is not ready any more, and never touches connections that exist.
 */
export interface Service {
  readonly port: number;
  readonly add: (replica: WebhookProcess) => void;
  readonly remove: (replica: WebhookProcess) => void;
  readonly stop: () => Promise<void>;
}

export async function startService(lagMilliseconds: number): Promise<Service> {
  const replicas = new Set<WebhookProcess>();
  const ready = new Set<WebhookProcess>();
  const sockets = new Set<Socket>();
  let turn = 0;
  const look = async (): Promise<void> => {
    for (const replica of replicas) {
      if (await replica.isReady()) ready.add(replica);
      else ready.delete(replica);
    }
  };
  const timer = setInterval(() => void look(), lagMilliseconds);
  const server = createServer((client) => {
    const endpoints = [...ready];
    const endpoint = endpoints[(turn += 1) % Math.max(1, endpoints.length)];
    if (endpoint === undefined) {
      client.destroy();
      return;
    }
    const target = connect(endpoint.port(), '127.0.0.1');
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        sockets.delete(one);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    add: (replica) => {
      replicas.add(replica);
      ready.add(replica);
    },
    remove: (replica) => {
      replicas.delete(replica);
      ready.delete(replica);
    },
    stop: async () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
