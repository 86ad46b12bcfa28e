import type { HttpRequest, HttpResponse, KubeConnection } from './connection.ts';
import { Deadline } from '../../time/deadline.ts';
import {
  isConnectionFailed,
  KubeError,
  reasonAborted,
  reasonConnectionFailed,
  reasonDeadlineExceeded,
  type RequestSubject,
} from './errors.ts';
import { errorFromResponse } from './status.ts';

export interface ApiCall {
  readonly subject: RequestSubject;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` if not given. */
  readonly contentType?: string | undefined;
  /** Sending it twice does no more than sending it once: it is sent again when a kept-alive connection breaks. */
  readonly idempotent: boolean;
}

export interface CallOptions {
  /** Gives the call up; it then rejects with a KubeError of reason `Aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Time for the whole call, retries included; the client's default if not given. */
  readonly timeoutMilliseconds?: number | undefined;
}

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Time until the answer starts. */
  readonly openTimeoutMilliseconds?: number | undefined;
  /** A stream that is silent this long is broken off; without it, silence may last for ever. */
  readonly idleTimeoutMilliseconds?: number | undefined;
}

/** What became of one request, for metrics. */
export interface RequestReport {
  readonly verb: string;
  readonly resource: string;
  /** HTTP status code; 0 where no answer came. */
  readonly code: number;
  /** Until the answer was read, or for a stream until it started. */
  readonly durationSeconds: number;
}

export interface RequesterOptions {
  readonly connection: KubeConnection;
  readonly timeoutMilliseconds: number;
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
}

const maximumRetries = 5;
const longestRetryDelaySeconds = 10;

/** Sends calls with time limits and bounded retries, and turns every failure into a KubeError. */
export class Requester {
  readonly #options: RequesterOptions;

  constructor(options: RequesterOptions) {
    this.#options = options;
  }

  /** The text of a successful answer. Rejects with KubeError only. */
  async text(call: ApiCall, options: CallOptions = {}): Promise<string> {
    const deadline = new Deadline(options.timeoutMilliseconds ?? this.#options.timeoutMilliseconds, options.signal);
    try {
      for (let attempt = 0; ; attempt++) {
        const outcome = await this.#attempt(call, deadline);
        if (typeof outcome === 'string') return outcome;
        const delayMilliseconds = retryDelay(call, outcome, attempt);
        if (delayMilliseconds === undefined || delayMilliseconds >= deadline.remainingMilliseconds) throw outcome;
        await pause(delayMilliseconds, deadline.signal);
      }
    } finally {
      deadline.release();
    }
  }

  /** The bytes of a successful answer as they come; leaving the loop closes the stream. Throws KubeError only. */
  async *stream(call: ApiCall, options: StreamOptions): AsyncGenerator<Uint8Array> {
    const openTimeoutMilliseconds = options.openTimeoutMilliseconds ?? this.#options.timeoutMilliseconds;
    const deadline = new Deadline(openTimeoutMilliseconds, options.signal);
    try {
      const response = await this.#open(call, deadline);
      deadline.restart(options.idleTimeoutMilliseconds);
      for await (const chunk of bytesOf(response)) {
        deadline.restart(options.idleTimeoutMilliseconds);
        yield chunk;
      }
    } catch (error) {
      throw this.#failure(call, error, deadline);
    } finally {
      deadline.release();
    }
  }

  async #attempt(call: ApiCall, deadline: Deadline): Promise<string | KubeError> {
    const startedAt = performance.now();
    try {
      const response = await this.#send(call, deadline);
      const text = await response.body.text();
      this.#report(call, response.statusCode, startedAt);
      return response.statusCode < 300 ? text : errorFromResponse(call.subject, response, text);
    } catch (error) {
      this.#report(call, 0, startedAt);
      return this.#failure(call, error, deadline);
    }
  }

  async #open(call: ApiCall, deadline: Deadline): Promise<HttpResponse> {
    const startedAt = performance.now();
    let code = 0;
    try {
      const response = await this.#send(call, deadline, true);
      code = response.statusCode;
      if (code < 300) return response;
      throw errorFromResponse(call.subject, response, await response.body.text());
    } finally {
      this.#report(call, code, startedAt);
    }
  }

  #send(call: ApiCall, deadline: Deadline, isStream = false): Promise<HttpResponse> {
    const hasBody = call.body !== undefined;
    return this.#options.connection.send({
      method: call.method,
      path: call.path,
      query: call.query,
      headers: {
        accept: 'application/json',
        ...(hasBody ? { 'content-type': call.contentType ?? 'application/json' } : {}),
      },
      body: hasBody ? JSON.stringify(call.body) : undefined,
      signal: deadline.signal,
      isStream,
    });
  }

  #failure(call: ApiCall, error: unknown, deadline: Deadline): KubeError {
    if (deadline.endedBy === 'deadline') this.#options.connection.renew();
    return toKubeError(call.subject, error, deadline);
  }

  #report(call: ApiCall, code: number, startedAt: number): void {
    const durationSeconds = (performance.now() - startedAt) / 1000;
    this.#options.onRequest?.({ verb: call.subject.verb, resource: call.subject.resource, code, durationSeconds });
  }
}

/**
 * Milliseconds until the call may be sent again, or undefined if it may not. A server that wants a retry says when:
 * it then did nothing. A broken connection is tried once more, if that can do no harm: a server closes idle
 * connections, and our request may have crossed that.
 */
function retryDelay(call: ApiCall, error: KubeError, attempt: number): number | undefined {
  if (attempt >= maximumRetries) return undefined;
  if (isConnectionFailed(error)) return call.idempotent && attempt === 0 ? 0 : undefined;
  const asksForRetry = error.code === 429 || error.code === 503;
  if (!asksForRetry || error.retryAfterSeconds === undefined) return undefined;
  return Math.min(error.retryAfterSeconds, longestRetryDelaySeconds) * 1000;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    signal.addEventListener('abort', wake);
  });
}

async function* bytesOf(response: HttpResponse): AsyncGenerator<Uint8Array> {
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('the answer is not a byte stream');
    yield chunk;
  }
}

function toKubeError(subject: RequestSubject, error: unknown, deadline: Deadline): KubeError {
  if (error instanceof KubeError) return error;
  switch (deadline.endedBy) {
    case 'caller':
      return new KubeError(subject, { code: 0, reason: reasonAborted, detail: 'the caller gave up' });
    case 'deadline':
      return new KubeError(subject, { code: 0, reason: reasonDeadlineExceeded, detail: 'no answer in time' });
    case undefined:
      return new KubeError(subject, { code: 0, reason: reasonConnectionFailed, detail: describe(error) }, error);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  const inner = error instanceof AggregateError ? error.errors.map(describe).join('; ') : '';
  return error.message === '' ? inner : error.message;
}
