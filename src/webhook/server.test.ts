import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Admission } from './admission.ts';
import { type CertifiedKey, issueAuthority, issueLeaf } from '../certificates/issue.ts';
import { MAXIMUM_BODY_BYTES } from './request-body.ts';
import { BOUNDS, type RequestBoundsOptions } from './request-bounds.ts';
import { AdmissionServer } from './server.ts';

const now = Date.now();
const authority = await issueAuthority(now);
const issue = (): Promise<CertifiedKey> =>
  issueLeaf(authority, { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }, now);
const certificate = await issue();

const kind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
const object = { metadata: { name: 'db', labels: { backup: 'hourly' } }, spec: {} };
const bodyOf = (changes: object = {}): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u-1', kind, operation: 'CREATE', namespace: 'shop', object, ...changes },
  });

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: string;
}

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly contentType?: string;
  readonly body?: string | Buffer;
}

describe('AdmissionServer', () => {
  let server: AdmissionServer;
  let port: number;
  let agent: Agent;
  let refused: string[];
  let log: string;
  let budgets: number[];
  let admission: Admission;
  let tlsErrors: number;

  let bounds: RequestBoundsOptions;

  const make = (drainMilliseconds = 0): AdmissionServer =>
    new AdmissionServer({
      bounds,
      port: 0,
      host: '127.0.0.1',
      drainMilliseconds,
      logger: pino({ level: 'info' }, { write: (line: string) => (log += line) }),
      admission: (review, budget) => {
        budgets.push(budget);
        return admission(review, budget);
      },
      onRefused: (reason) => refused.push(reason),
      onTlsError: () => (tlsErrors += 1),
    });

  async function start(drainMilliseconds?: number): Promise<void> {
    server = make(drainMilliseconds);
    server.useCertificate(certificate);
    port = await server.start();
  }

  beforeEach(() => {
    agent = new Agent({ keepAlive: true, ca: authority.certificatePem });
    refused = [];
    log = '';
    budgets = [];
    tlsErrors = 0;
    bounds = BOUNDS;
    admission = async () => ({ kind: 'allowed', operations: [], warnings: [], auditAnnotations: {} });
  });
  afterEach(async () => {
    agent.destroy();
    await server.stop();
  });

  async function call(options: Call = {}, through = agent): Promise<Answer> {
    const { path = '/mutate?timeout=5s', method = 'POST', contentType = 'application/json', body = bodyOf() } = options;
    const headers = { 'content-type': contentType };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: through }, resolve);
      sent.on('error', reject).end(body);
    });
    const text = await response.setEncoding('utf8').reduce((all, chunk) => all + String(chunk), '');
    return { status: response.statusCode ?? 0, connection: response.headers.connection, text };
  }

  it('answers a review', async () => {
    await start();
    const { status, text } = await call();
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ response: { uid: 'u-1', allowed: true } });
    expect(budgets).toEqual([2000]);
  });

  it('leaves the probe less time when the API server has little left', async () => {
    await start();
    await call({ path: '/mutate?timeout=3s' });
    await call({ path: '/mutate?x=1&timeout=1s' });
    expect(budgets[0]).toBeGreaterThan(1300);
    expect(budgets[0]).toBeLessThanOrEqual(1500);
    expect(budgets[1]).toBe(0);
  });

  it.each<[string, number, Call]>([
    ['path', 404, { path: '/' }],
    ['path', 404, { path: '/mutate/' }],
    ['method', 405, { method: 'GET', body: '' }],
    ['method', 405, { method: 'PUT' }],
    ['content-type', 415, { contentType: 'text/plain' }],
    ['content-type', 415, { contentType: 'application/jsonx' }],
    ['not-json', 400, { body: '{"kind":' }],
    ['not-a-review', 400, { body: '{}' }],
    ['foreign-kind', 422, { body: bodyOf({ kind: { ...kind, kind: 'Pod' } }) }],
    ['foreign-operation', 422, { body: bodyOf({ operation: 'DELETE' }) }],
    ['malformed-claim', 400, { body: bodyOf({ object: { metadata: 7 } }) }],
    ['too-large', 413, { body: Buffer.alloc(MAXIMUM_BODY_BYTES + 1, ' ') }],
    ['too-large', 413, { body: Buffer.alloc(2 * MAXIMUM_BODY_BYTES, ' ') }],
  ])('refuses a wrong %s with %d, counts it, and says why', async (reason, status, options) => {
    await start();
    expect(await call(options)).toMatchObject({ status });
    expect((await call(options)).text).toMatch(/^[A-Z].*\.\n$/);
    expect(refused).toEqual([reason, reason]);
    expect(budgets).toEqual([]);
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('turns away what would be too many requests, to be tried again, and serves the next', async () => {
    bounds = { ...BOUNDS, requestsPerClient: 1 };
    await start();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    admission = () => promise.then(() => ({ kind: 'allowed', operations: [], warnings: [], auditAnnotations: {} }));
    const first = call();
    await expect.poll(() => budgets.length).toBe(1);
    const turnedAway = await call();
    expect(turnedAway.status).toBe(429);
    expect(turnedAway.text).toContain('try again');
    resolve(undefined);
    expect(await first).toMatchObject({ status: 200 });
    expect(await call()).toMatchObject({ status: 200 });
    expect(refused).toEqual(['busy']);
  });

  it('holds no more of all bodies than it may', async () => {
    bounds = { ...BOUNDS, bodyBytes: 1024 };
    await start();
    expect(await call({ body: Buffer.alloc(2048, ' ') })).toMatchObject({ status: 429 });
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('takes a review as large as the API server sends', async () => {
    await start();
    const metadata = { ...object.metadata, annotations: { filler: 'x'.repeat(3 * 1024 * 1024) } };
    expect(await call({ body: bodyOf({ object: { ...object, metadata } }) })).toMatchObject({ status: 200 });
    expect(await call({ contentType: 'application/json; charset=utf-8' })).toMatchObject({ status: 200 });
  });

  it('counts a body that never comes to its end', async () => {
    await start();
    const socket = await openSocket();
    socket.write('POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
    socket.destroy();
    await expect.poll(() => refused).toEqual(['incomplete']);
  });

  it('denies what it could not decide on, to be tried again, and keeps the reason for its log', async () => {
    admission = () => Promise.reject(new Error('a bug at line 7'));
    await start();
    const { status, text } = await call();
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      response: { uid: 'u-1', allowed: false, status: { code: 500, details: { retryAfterSeconds: 2 } } },
    });
    expect(text).not.toContain('line 7');
    expect(log).toContain('a bug at line 7');
  });

  const openSocket = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificatePem });
    await once(socket, 'secureConnect');
    return socket;
  };

  it('opens its port only when it has a certificate', async () => {
    server = make();
    const starting = server.start();
    expect(server.problem).toContain('no certificate');
    server.useCertificate(certificate);
    port = await starting;
    expect(server.problem).toBeUndefined();
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('ends without ever having had a certificate', async () => {
    server = make();
    const starting = server.start();
    await server.stop();
    expect(await starting).toBe(0);
  });

  it('serves a new certificate to new connections, and goes on with the old ones', async () => {
    await start();
    const old = await openSocket();
    await call();
    const renewed = await issue();
    server.useCertificate(renewed);
    const fresh = await openSocket();
    expect(fresh.getPeerX509Certificate()?.toString()).toBe(renewed.certificatePem);
    expect(old.getPeerX509Certificate()?.toString()).toBe(certificate.certificatePem);
    expect(await call()).toMatchObject({ status: 200, connection: 'keep-alive' });
    for (const socket of [old, fresh]) socket.destroy();
  });

  it('refuses a pair that does not fit, and keeps the one it has', async () => {
    await start();
    const other = await issue();
    expect(() => server.useCertificate({ ...other, privateKeyPem: certificate.privateKeyPem })).toThrow();
    expect(await call({}, new Agent({ ca: authority.certificatePem }))).toMatchObject({ status: 200 });
  });

  it('counts clients that do not trust it', async () => {
    await start();
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'error');
    await expect.poll(() => tlsErrors).toBe(1);
  });

  it('keeps idle connections open for longer than API servers do', async () => {
    await start();
    await call();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const reused = Object.values(agent.freeSockets).flat();
    expect(reused).toHaveLength(1);
    await call();
    expect(Object.values(agent.freeSockets).flat()).toEqual(reused);
  }, 15_000);

  it('serves on while it drains, asking clients to go, and answers the last request before it ends', async () => {
    const slow = Promise.withResolvers<undefined>();
    await start(300);
    await call();
    const stopping = server.stop();
    expect(server.problem).toBe('stopping');
    expect(await call()).toMatchObject({ status: 200, connection: 'close' });
    expect(await call({}, new Agent({ ca: authority.certificatePem }))).toMatchObject({ status: 200 });
    admission = async () => {
      await slow.promise;
      return { kind: 'allowed', operations: [], warnings: [], auditAnnotations: {} };
    };
    const last = call();
    await expect.poll(() => budgets).toHaveLength(4);
    let isStopped = false;
    void stopping.then(() => (isStopped = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isStopped).toBe(false);
    slow.resolve(undefined);
    expect(await last).toMatchObject({ status: 200, connection: 'close' });
    await stopping;
    await expect(call()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
