import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Undefined if all is well, otherwise a sentence that says what is wrong. */
export type HealthCheck = () => string | undefined;

export interface HealthServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  readonly registry: Registry;
  /** Failing ones make the process be restarted. By name. */
  readonly liveness?: Readonly<Record<string, HealthCheck>>;
  /** Failing ones keep traffic away. About the process only, never about a store far away. By name. */
  readonly readiness?: Readonly<Record<string, HealthCheck>>;
}

interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly body: string;
}

/** Serves `/healthz`, `/readyz` and `/metrics` over plain HTTP. */
export class HealthServer {
  readonly #options: HealthServerOptions;
  readonly #server: Server;

  constructor(options: HealthServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Resolves with the port once it listens. Rejects if the port is taken. */
  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
    return portOf(this.#server.address());
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { code, contentType, body } = await this.#answer(request);
    response.writeHead(code, { 'content-type': contentType }).end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '').split('?', 1).join('');
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET is served here\n');
    switch (path) {
      case '/healthz':
        return checked(this.#options.liveness ?? {});
      case '/readyz':
        return checked(this.#options.readiness ?? {});
      case '/metrics':
        return this.#metrics();
      default:
        return text(404, 'served here: /healthz /readyz /metrics\n');
    }
  }

  async #metrics(): Promise<Answer> {
    const { registry } = this.#options;
    try {
      return { code: 200, contentType: registry.contentType, body: await registry.metrics() };
    } catch {
      return text(500, 'a metric could not be collected\n');
    }
  }
}

function checked(checks: Readonly<Record<string, HealthCheck>>): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `ok ${name}` : `not ok ${name}: ${problem}`,
  );
  const isWell = results.every(({ problem }) => problem === undefined);
  return text(isWell ? 200 : 503, ['', ...lines].join('\n').trimStart() + '\n');
}

function text(code: number, body: string): Answer {
  return { code, contentType: 'text/plain; charset=utf-8', body };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
