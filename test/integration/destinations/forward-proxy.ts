import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/** A forward proxy on loopback that finds every host name at 127.0.0.1, on the port that it was asked for. */
export interface ForwardProxy {
  readonly url: string;
  /** What it was asked for: `GET http://host:port/path` or `CONNECT host:port`, without queries. */
  readonly asked: string[];
  close(): void;
}

export async function startForwardProxy(): Promise<ForwardProxy> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { pathname, search, port, origin } = new URL(incoming.url ?? '');
    asked.push(`${incoming.method ?? ''} ${origin}${pathname}`);
    const { method, headers } = incoming;
    const path = pathname + search;
    const forwarded = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connect', ({ url = '' }, socket) => {
    asked.push(`CONNECT ${url}`);
    const tunnel = connect({ host: '127.0.0.1', port: Number(url.split(':')[1]) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.pipe(socket);
      socket.pipe(tunnel);
    });
    tunnel.on('error', () => socket.destroy());
    socket.on('error', () => tunnel.destroy());
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
