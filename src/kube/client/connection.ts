import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { type Credentials, CredentialSource } from './credentials.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path on the API server, without query. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** The answer may go on for minutes: it then takes no place among the short requests. */
  readonly isStream?: boolean | undefined;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  /** Must be read to its end, or destroyed, for its connection to serve another request. */
  readonly body: Dispatcher.ResponseData['body'];
}

/**
 * HTTP/1.1 on purpose: aborting a request that got no answer then destroys its connection, while a multiplexed HTTP/2
 * session would live on, dead, and swallow every later request too.
 */
const poolOptions = {
  allowH2: false,
  // Well below the 90 s after which an API server closes idle connections, so that we are the one to close.
  keepAliveTimeout: 30_000,
  keepAliveMaxTimeout: 60_000,
  // Time limits are the caller's: every request comes with a signal.
  headersTimeout: 0,
  bodyTimeout: 0,
} as const;

const shortestPoolLifeMilliseconds = 1_000;

const tcpKeepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const;

export interface KubeConnectionOptions {
  /** Loads the usual places when not given: KUBECONFIG, ~/.kube/config, the pod's service account. */
  readonly config?: KubeConfig;
  /** Sent as User-Agent; shows in the API server's audit log. */
  readonly userAgent?: string;
  /** Short requests at the same time, the rest wait for their turn; 16 if not given. Streams come on top. */
  readonly maximumConnections?: number;
}

/** Short requests share a few connections; every stream has one to itself while it lasts. */
interface Pools {
  readonly tlsFingerprint: string;
  readonly madeAtMilliseconds: number;
  readonly requests: Agent | ProxyAgent;
  readonly streams: Agent | ProxyAgent;
}

/** The one connection pool to the API server that everything in the process shares. */
export class KubeConnection {
  readonly #config: KubeConfig;
  readonly #credentials: CredentialSource;
  readonly #server: URL;
  readonly #userAgent: string;
  readonly #maximumConnections: number;
  #pools: Pools | undefined;

  /** Throws if no configuration is found or it names no server. */
  constructor(options: KubeConnectionOptions = {}) {
    this.#config = options.config ?? loadDefaultConfig();
    this.#credentials = new CredentialSource(this.#config);
    this.#server = serverOf(this.#config);
    this.#userAgent = options.userAgent ?? 'rebound';
    this.#maximumConnections = options.maximumConnections ?? 16;
  }

  /** The API server's address, without credentials: for logs. */
  get server(): string {
    return this.#server.origin + this.#server.pathname;
  }

  /** Connections that are open now, idle ones included. */
  get openConnections(): number {
    if (this.#pools === undefined) return 0;
    return connectedOf(this.#pools.requests) + connectedOf(this.#pools.streams);
  }

  /** Sends a request. A 401 is tried once more with credentials read afresh. Rejects with undici's errors. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const response = await promptly(this.#sendOnce(request), request.signal);
    if (response.statusCode !== 401) return response;
    await response.body.dump();
    this.#credentials.forget();
    return promptly(this.#sendOnce(request), request.signal);
  }

  /**
   * Makes later requests use new connections, as one on the present ones got no answer: whatever broke it, a node that
   * died or a firewall that forgot, broke its idle neighbours too, and each would cost another request its time.
   */
  renew(): void {
    if (this.#pools === undefined) return;
    // Many requests fail together, and need only one renewal.
    if (performance.now() - this.#pools.madeAtMilliseconds < shortestPoolLifeMilliseconds) return;
    this.#retirePools();
  }

  /** Lets running requests end, then closes every connection. Streams must have ended before. May be called twice. */
  async close(): Promise<void> {
    const pools = this.#pools;
    this.#pools = undefined;
    await closePools(pools);
  }

  async #sendOnce(request: HttpRequest): Promise<HttpResponse> {
    const credentials = await this.#credentials.current();
    const query = request.query === undefined || request.query.size === 0 ? '' : `?${request.query.toString()}`;
    const pools = this.#poolsFor(credentials);
    return (request.isStream === true ? pools.streams : pools.requests).request({
      origin: this.#server.origin,
      path: `${this.#server.pathname.replace(/\/$/, '')}${request.path}${query}`,
      method: request.method,
      headers: { 'user-agent': this.#userAgent, ...credentials.headers, ...request.headers },
      body: request.body ?? null,
      signal: request.signal,
    });
  }

  #poolsFor(credentials: Credentials): Pools {
    if (this.#pools?.tlsFingerprint === credentials.tlsFingerprint) return this.#pools;
    this.#retirePools();
    this.#pools = {
      tlsFingerprint: credentials.tlsFingerprint,
      madeAtMilliseconds: performance.now(),
      requests: createDispatcher(this.#config, credentials, this.#maximumConnections),
      streams: createDispatcher(this.#config, credentials, null),
    };
    return this.#pools;
  }

  /** Requests under way on the old connections end in their own time; a failure to close harms nobody. */
  #retirePools(): void {
    closePools(this.#pools).catch(() => undefined);
    this.#pools = undefined;
  }
}

async function closePools(pools: Pools | undefined): Promise<void> {
  await Promise.all([pools?.requests.close(), pools?.streams.close()]);
}

/**
 * Rejects as soon as the signal aborts. undici alone rejects a request that still waits for its connection only when
 * that is there, or its time is over; and a program that fetches credentials may take its time, too.
 */
function promptly(sending: Promise<HttpResponse>, signal: AbortSignal): Promise<HttpResponse> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const discardIfLate = (response: HttpResponse): void => {
    if (signal.aborted) response.body.on('error', () => undefined).destroy();
  };
  sending.then(discardIfLate, () => undefined);
  return Promise.race([sending, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}

function loadDefaultConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  // What the library makes up where it finds nothing.
  if (config.getCurrentCluster()?.server !== 'http://localhost:8080') return config;
  throw new Error('no Kubernetes configuration found: set KUBECONFIG, or run in a pod with a service account token');
}

function serverOf(config: KubeConfig): URL {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`the Kubernetes configuration has no cluster for its context "${config.getCurrentContext()}"`);
  }
  const server = new URL(cluster.server);
  if (server.protocol === 'https:' || cluster.skipTLSVerify) return server;
  throw new Error(`${cluster.server} is not encrypted: credentials are sent only over https`);
}

function createDispatcher(
  config: KubeConfig,
  credentials: Credentials,
  connections: number | null,
): Agent | ProxyAgent {
  const { tls } = credentials;
  const options = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  switch (options.type) {
    case 'proxy':
      return new ProxyAgent({ ...poolOptions, connections, uri: options.uri, requestTls: tls, connect: tcpKeepAlive });
    case 'socks':
      throw new Error('a SOCKS proxy in the Kubernetes configuration is not supported; use an HTTP proxy');
    case 'agent':
    case 'none':
      return new Agent({ ...poolOptions, connections, connect: { ...tls, ...tcpKeepAlive } });
  }
}

function connectedOf(dispatcher: Agent | ProxyAgent): number {
  if (!(dispatcher instanceof Agent)) return 0;
  return Object.values(dispatcher.stats).reduce((sum, { connected }) => sum + Number(connected), 0);
}
