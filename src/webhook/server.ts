import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Admission } from './admission.ts';
import { type ClaimReview, parseAdmissionReview, type Refusal, type RefusalReason } from './admission-review.ts';
import { type AdmissionAnswer, encodeAnswer } from './answer.ts';
import type { CertifiedKey } from '../certificates/issue.ts';
import { probeBudgetMilliseconds } from './probe-budget.ts';
import { MAXIMUM_BODY_BYTES, readBody } from './request-body.ts';
import { RequestBounds, type RequestBoundsOptions, type RequestPlace } from './request-bounds.ts';

export interface AdmissionServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** All addresses if not given. */
  readonly host?: string | undefined;
  readonly admission: Admission;
  /** How long requests are still served after the stop was asked for, while endpoints catch up. */
  readonly drainMilliseconds: number;
  readonly logger: Logger;
  /** What may be under way at the same time; see there if not given. */
  readonly bounds?: RequestBoundsOptions;
  readonly onRefused?: (reason: RefusalReason) => void;
  readonly onAnswered?: (answer: AdmissionAnswer, durationSeconds: number) => void;
  readonly onTlsError?: () => void;
}

/**
 * API servers keep idle connections for 90 s (Go's http.Transport as client-go sets it up) and do not repeat a POST whose
 * connection was closed under them: we must never be the first to close. Node's own default is 5 s.
 */
const KEEP_ALIVE_MILLISECONDS = 120_000;
const HEADERS_MILLISECONDS = 125_000;
const REQUEST_MILLISECONDS = 130_000;
/** After draining, requests under way get this long: more than a probe may take. */
const LAST_REQUESTS_MILLISECONDS = 5_000;

const PATH = '/mutate';
const FAILED_RETRY_AFTER_SECONDS = 2;

/**
 * The HTTPS server that API servers call. It opens its port when it has its first certificate, and takes further ones
 * without a pause: connections that exist go on.
 */
export class AdmissionServer {
  readonly #options: AdmissionServerOptions;
  readonly #server: Server;
  readonly #bounds: RequestBounds;
  readonly #stopping = Promise.withResolvers<undefined>();
  readonly #certified = Promise.withResolvers<undefined>();
  #isDraining = false;

  constructor(options: AdmissionServerOptions) {
    this.#options = options;
    this.#bounds = new RequestBounds(options.bounds);
    this.#server = createServer(
      {
        minVersion: 'TLSv1.2',
        keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
        headersTimeout: HEADERS_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.on('tlsClientError', () => options.onTlsError?.());
  }

  /** Why this process should get no requests; undefined when it should. */
  get problem(): string | undefined {
    if (this.#isDraining) return 'stopping';
    return this.#server.listening ? undefined : 'no certificate yet, so the port is closed';
  }

  /**
   * Serves a certificate from now on, to new connections.
   *
   * @throws when the pair cannot be used; the one before stays then.
   */
  useCertificate({ certificatePem, privateKeyPem }: CertifiedKey): void {
    this.#server.setSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
    this.#certified.resolve(undefined);
  }

  /** Resolves with the port once it listens, which it does when there is a certificate; with 0 if stopped before. */
  async start(): Promise<number> {
    await Promise.race([this.#certified.promise, this.#stopping.promise]);
    if (this.#isDraining) return 0;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
    return portOf(this.#server.address());
  }

  /**
   * Serves on while endpoints catch up, asking every client to close its connection, and then stops. Resolves when the
   * last request was answered, or was given up after some seconds.
   */
  async stop(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#stopping.resolve(undefined);
    if (!this.#server.listening) return;
    await new Promise((resolve) => setTimeout(resolve, this.#options.drainMilliseconds));
    const giveUp = setTimeout(() => this.#server.closeAllConnections(), LAST_REQUESTS_MILLISECONDS);
    // Also closes idle connections; one that is in use is closed after its answer.
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(giveUp);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = this.#bounds.enter(request.socket.remoteAddress ?? '');
    if (place === undefined) {
      this.#refuse(request, response, busy);
      return;
    }
    try {
      await this.#answer(request, response, place);
    } finally {
      place.leave();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, place: RequestPlace): Promise<void> {
    const startedAt = performance.now();
    const review = await receive(request, place);
    if (!review.ok) {
      this.#refuse(request, response, review);
      return;
    }
    const budget = probeBudgetMilliseconds(timeoutOf(request), performance.now() - startedAt);
    const answer = await this.#options.admission(review, budget).catch((error: unknown) => this.#failed(error));
    this.#send(response, 200, 'application/json', encodeAnswer(review.uid, answer));
    this.#options.onAnswered?.(answer, (performance.now() - startedAt) / 1000);
  }

  /** Nobody knows what went wrong, so nothing may be created; the details are for the log, not for the user. */
  #failed(error: unknown): AdmissionAnswer {
    this.#options.logger.error({ err: error }, 'a claim could not be decided on; it was denied, to be tried again');
    return {
      kind: 'denied',
      code: 500,
      reason: 'InternalError',
      message: 'Rebound could not decide on this claim; its webhook log says why. Nothing was created; try again.',
      retryAfterSeconds: FAILED_RETRY_AFTER_SECONDS,
      auditAnnotations: { decision: 'retry' },
    };
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    this.#options.onRefused?.(refusal.reason);
    this.#options.logger.debug({ reason: refusal.reason, client: request.socket.remoteAddress }, refusal.message);
    // What is left of the body is not worth reading: the connection ends with this answer.
    if (!request.complete) response.setHeader('connection', 'close');
    if (refusal.statusCode === busy.statusCode) response.setHeader('retry-after', FAILED_RETRY_AFTER_SECONDS);
    this.#send(response, refusal.statusCode, 'text/plain; charset=utf-8', `${refusal.message}\n`);
  }

  #send(response: ServerResponse, statusCode: number, contentType: string, body: string): void {
    if (this.#isDraining) response.setHeader('connection', 'close');
    response.writeHead(statusCode, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
}

const refusal = (reason: RefusalReason, statusCode: number, message: string): Refusal => ({
  ok: false,
  reason,
  statusCode,
  message,
});

const incomplete = refusal('incomplete', 408, 'The body did not arrive completely, or not in time.');
const tooLarge = refusal('too-large', 413, `The body is larger than ${MAXIMUM_BODY_BYTES} bytes.`);

// The API server then passes the claim on undecided, and the policy refuses it in words: nothing is created.
const busy = refusal('busy', 429, 'Too many requests are under way, or too much is held of their bodies; try again.');

async function receive(request: IncomingMessage, place: RequestPlace): Promise<ClaimReview | Refusal> {
  const refused = refuseHead(request);
  if (refused !== undefined) return refused;
  const body = await readBody(request, place.take);
  if (body.kind === 'text') return parseAdmissionReview(body.text);
  return bodyRefusals[body.kind];
}

const bodyRefusals = { tooLarge, incomplete, busy } as const;

/** What can be refused before the body is read. */
function refuseHead(request: IncomingMessage): Refusal | undefined {
  const { url = '', method, headers } = request;
  if (pathOf(url) !== PATH) return refusal('path', 404, `Only ${PATH} is served here.`);
  if (method !== 'POST') return refusal('method', 405, 'Only POST is served here.');
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return undefined;
  return refusal('content-type', 415, 'The body must be application/json.');
}

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
};

const timeoutOf = ({ url = '' }: IncomingMessage): string | undefined => /[?&]timeout=([^&]*)/.exec(url)?.[1];

const portOf = (address: string | AddressInfo | null): number =>
  typeof address === 'object' && address !== null ? address.port : 0;
