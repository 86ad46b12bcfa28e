import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient, type KubeClientOptions } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';

/** A local HTTP server for tests of what happens on the wire, with a client that speaks to it. */
export interface WireServer {
  readonly client: KubeClient;
  readonly connection: KubeConnection;
  /** `METHOD /path?query` of every request so far. */
  readonly requests: string[];
  /** Connections that were opened so far. */
  readonly connectionCount: () => number;
  /** Breaks every open connection. */
  readonly breakConnections: () => void;
  readonly stop: () => Promise<void>;
}

export interface WireServerOptions extends Partial<KubeClientOptions> {
  readonly token?: string;
  readonly maximumConnections?: number;
}

export async function startWireServer(listener: RequestListener, options: WireServerOptions = {}): Promise<WireServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    listener(request, response);
  });
  server.on('connection', (socket) => {
    connectionCount += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { token, maximumConnections } = options;
  const connection = new KubeConnection({
    config: configFor(port, token),
    ...(maximumConnections === undefined ? {} : { maximumConnections }),
  });
  return {
    client: new KubeClient({ connection, fieldManager: 'test', ...options }),
    connection,
    requests,
    connectionCount: () => connectionCount,
    breakConnections: () => sockets.forEach((socket) => socket.destroy()),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await connection.close();
    },
  };
}

function configFor(port: number, token: string | undefined): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
    users: [{ name: 'test', token }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return config;
}

export function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** What the API server answers where something is wrong. */
export function statusBody(code: number, reason: string, message: string): object {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
