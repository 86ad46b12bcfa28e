import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { type Dispatcher, Pool } from 'undici';
import { z } from 'zod';
import { ClusterError } from '../../cluster/cluster-error.ts';

/** One request to the API server, ready to be sent. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** `application/json` if not given. */
  readonly contentType?: string;
  readonly body?: string;
}

export interface LoadResult {
  /** From sending to the end of the answer, in the order in which the answers came. */
  readonly latenciesMilliseconds: readonly number[];
  readonly durationSeconds: number;
}

const kubeconfig = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ]),
});

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/**
 * Sends many requests with as little CPU as can be, for it shares the machine with what it measures: kept connections,
 * bodies made beforehand, answers counted and not read.
 */
export class ApiLoad {
  readonly #pool: Pool;

  /** @param connections kept open, and the most requests under way at a time. */
  constructor(kubeconfigPath: string, connections: number) {
    const config = kubeconfig.parse(load(readFileSync(kubeconfigPath, 'utf8')));
    const [{ cluster }] = config.clusters;
    const [{ user }] = config.users;
    this.#pool = new Pool(cluster.server, {
      connections,
      allowH2: false,
      connect: {
        ca: decode(cluster['certificate-authority-data']),
        cert: decode(user['client-certificate-data']),
        key: decode(user['client-key-data']),
      },
    });
  }

  /**
   * Sends all requests, `concurrency` at a time, each as soon as another was answered.
   * @throws ClusterError at the first answer that is no success, with what the server said.
   */
  async send(requests: Iterable<LoadRequest>, concurrency: number): Promise<LoadResult> {
    const waiting = requests[Symbol.iterator]();
    const latenciesMilliseconds: number[] = [];
    const worker = async (): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
        latenciesMilliseconds.push(await this.#exchange(next.value));
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: concurrency }, worker));
    return { latenciesMilliseconds, durationSeconds: (performance.now() - startedAt) / 1000 };
  }

  /** Sends one request and returns the answer's JSON. */
  async ask(request: LoadRequest): Promise<unknown> {
    return JSON.parse(await this.#text(request));
  }

  /** The text at a path that is no object, such as `/metrics`. */
  text(path: string): Promise<string> {
    return this.#text({ method: 'GET', path });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #text(request: LoadRequest): Promise<string> {
    const answer: Buffer[] = [];
    await this.#exchange(request, answer);
    return Buffer.concat(answer).toString('utf8');
  }

  /** Milliseconds until the whole answer was there. Its text is kept only where it is asked for, or tells of a failure. */
  #exchange(request: LoadRequest, answer?: Buffer[]): Promise<number> {
    const { method, path, body, contentType = 'application/json' } = request;
    const headers = { 'content-type': contentType, accept: 'application/json' };
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      let status = 0;
      const failure: Buffer[] = [];
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: (_, statusCode) => void (status = statusCode),
        onResponseData: (_, chunk) => {
          if (status >= 300) failure.push(chunk);
          else answer?.push(chunk);
        },
        onResponseEnd: () => {
          if (status < 300) resolve(performance.now() - startedAt);
          else
            reject(new ClusterError(`${method} ${path} was answered ${status}: ${Buffer.concat(failure).toString()}`));
        },
        onResponseError: (_, error) => reject(error),
      };
      this.#pool.dispatch({ method, path, headers, body: body ?? null }, handler);
    });
  }
}

/** A request that creates an object. */
export const creation = (path: string, object: object): LoadRequest => ({
  method: 'POST',
  path,
  body: JSON.stringify(object),
});

/** A request that changes an object by RFC 7386. */
export const mergePatch = (path: string, patch: object): LoadRequest => ({
  method: 'PATCH',
  path,
  contentType: 'application/merge-patch+json',
  body: JSON.stringify(patch),
});
