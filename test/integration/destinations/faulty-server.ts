import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A server on loopback that does what the test wants with each connection that sends something. */
export type FaultyServer = { readonly endpoint: string; close(): Promise<void> };

/** `answer` gets each request's head as text; it writes raw bytes, or not, as it likes. */
export const startFaultyServer = async (answer: (socket: Socket, head: string) => void): Promise<FaultyServer> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => answer(socket, data.toString('latin1')));
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

/** A complete HTTP/1.1 answer. */
export const httpAnswer = (status: number, body: string, headers: readonly string[] = []): string =>
  [`HTTP/1.1 ${status} Whatever`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', body].join('\r\n');
