import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { isAborted, isConnectionFailed, isNotFound, isTimeout, KubeError } from './errors.ts';
import { configMaps } from '../model/built-in-kinds.ts';
import { sendJson, startWireServer, statusBody, type WireServer } from '#doubles/kube/wire-server.ts';

const ref = { namespace: 'a', name: 'b' };
const metadata = { ...ref, uid: 'u', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata };

let server: WireServer;
afterEach(() => server.stop());

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KubeError) return error;
  throw new Error('it did not fail with a KubeError');
}

describe('a call', () => {
  it('is sent again when the server says when', async () => {
    let answers = 0;
    server = await startWireServer((_request, response) => {
      answers += 1;
      if (answers === 1) sendJson(response, 429, statusBody(429, 'TooManyRequests', 'later'), { 'retry-after': '0' });
      else if (answers === 2) sendJson(response, 503, 'shutting down', { 'retry-after': '0' });
      else sendJson(response, 201, configMap);
    });
    await expect(server.client.create(configMaps, { metadata: ref })).resolves.toMatchObject({ metadata: ref });
    expect(server.requests).toHaveLength(3);
  });

  it('is given up after a few retries', async () => {
    server = await startWireServer((_request, response) => sendJson(response, 429, {}, { 'retry-after': '0' }));
    const error = await failureOf(server.client.get(configMaps, ref));
    expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests', retryAfterSeconds: 0 });
    expect(server.requests).toHaveLength(6);
  });

  it('does not wait for a retry that its time limit would cut off', async () => {
    const body = statusBody(429, 'TooManyRequests', 'later');
    server = await startWireServer((_request, response) => sendJson(response, 429, body, { 'retry-after': '9' }));
    const startedAt = performance.now();
    const error = await failureOf(server.client.get(configMaps, ref, { timeoutMilliseconds: 2_000 }));
    expect(error).toMatchObject({ code: 429, retryAfterSeconds: 9 });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('is not repeated where the server does not ask for it', async () => {
    server = await startWireServer((_request, response) => sendJson(response, 500, statusBody(500, '', 'oh no')));
    const error = await failureOf(server.client.get(configMaps, ref));
    expect(error.message).toBe('cannot get configmaps a/b: 500 InternalError: oh no');
    expect(server.requests).toHaveLength(1);
  });

  it('survives that a kept-alive connection breaks under it, if repeating it is harmless', async () => {
    let breakNext = false;
    server = await startWireServer((request, response) => {
      if (breakNext) request.socket.destroy();
      else sendJson(response, 200, configMap);
      breakNext = false;
    });
    await server.client.get(configMaps, ref);
    breakNext = true;
    await expect(server.client.get(configMaps, ref)).resolves.toMatchObject({ metadata: ref });
    breakNext = true;
    expect(isConnectionFailed(await failureOf(server.client.create(configMaps, { metadata: ref })))).toBe(true);
    expect(server.requests.map((request) => request.split(' ')[0])).toEqual(['GET', 'GET', 'GET', 'POST']);
  });

  it('invariant 2: fails, rather than finds nothing, when no answer comes in time', async () => {
    server = await startWireServer(() => undefined);
    const error = await failureOf(server.client.get(configMaps, ref, { timeoutMilliseconds: 50 }));
    expect(isTimeout(error)).toBe(true);
    expect(isNotFound(error)).toBe(false);
  });

  it('also ends in time when it waits for its turn', async () => {
    server = await startWireServer(() => undefined, { maximumConnections: 1 });
    const first = failureOf(server.client.get(configMaps, ref, { timeoutMilliseconds: 2_000 }));
    const startedAt = performance.now();
    const second = await failureOf(server.client.get(configMaps, ref, { timeoutMilliseconds: 50 }));
    expect(isTimeout(second)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await first;
  });

  it('also ends in time when the answer stops half-way', async () => {
    server = await startWireServer((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"half":');
    });
    expect(isTimeout(await failureOf(server.client.get(configMaps, ref, { timeoutMilliseconds: 50 })))).toBe(true);
  });

  it('ends when its caller gives up, and leaves no listener on the caller’s signal', async () => {
    server = await startWireServer(() => undefined);
    const caller = new AbortController();
    const call = failureOf(server.client.get(configMaps, ref, { signal: caller.signal }));
    caller.abort();
    expect(isAborted(await call)).toBe(true);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect(isAborted(await failureOf(server.client.get(configMaps, ref, { signal: caller.signal })))).toBe(true);
  });

  it('uses one connection for many calls in a row, and a bounded number for many at once', async () => {
    server = await startWireServer((_request, response) => sendJson(response, 200, configMap));
    for (let call = 0; call < 50; call++) await server.client.get(configMaps, ref);
    expect(server.connectionCount()).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 100 }, () => server.client.get(configMaps, ref)));
    expect(server.connectionCount()).toBeLessThanOrEqual(16);
  });

  it('reads the credentials again when they are refused', async () => {
    let isRotated = false;
    server = await startWireServer(
      (_request, response) => {
        sendJson(response, isRotated ? 200 : 401, isRotated ? configMap : statusBody(401, 'Unauthorized', 'who?'));
        isRotated = true;
      },
      { token: 'hunter2' },
    );
    await expect(server.client.get(configMaps, ref)).resolves.toMatchObject({ metadata: ref });
  });

  it('invariant 9: never names the token it was sent with', async () => {
    server = await startWireServer((request) => request.socket.destroy(), {
      token: 'hunter2',
    });
    const error = await failureOf(server.client.get(configMaps, ref));
    expect(JSON.stringify([error.message, error.stack, error])).not.toContain('hunter2');
  });

  it.each([
    ['an HTML page from a proxy', '<html>502</html>'],
    ['an object of another shape', JSON.stringify({ ...configMap, metadata: {} })],
  ])('invariant 2: fails on %s instead of making something of it', async (_name, body) => {
    server = await startWireServer((_request, response) => response.writeHead(200).end(body));
    expect(await failureOf(server.client.get(configMaps, ref))).toMatchObject({ code: 0, reason: 'UnreadableAnswer' });
  });

  it('is reported with its verb, resource and code', async () => {
    const reports: unknown[] = [];
    server = await startWireServer((_request, response) => sendJson(response, 404, statusBody(404, 'NotFound', 'no')), {
      onRequest: ({ verb, resource, code }) => reports.push({ verb, resource, code }),
    });
    await server.client.get(configMaps, ref);
    expect(reports).toEqual([{ verb: 'get', resource: 'configmaps', code: 404 }]);
  });
});

describe('a log stream', () => {
  it('gives lines as they come, the last one too though it is not finished', async () => {
    server = await startWireServer((_request, response) => {
      response.write('one\ntw');
      setTimeout(() => response.end('o\nthree'), 10);
    });
    const lines: string[] = [];
    for await (const line of server.client.podLogs(ref, { container: 'mover', tailLines: 10 })) lines.push(line);
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(server.requests).toEqual(['GET /api/v1/namespaces/a/pods/b/log?container=mover&tailLines=10']);
  });

  it('may be silent for longer than a call may take, and ends with its signal', async () => {
    server = await startWireServer((_request, response) => response.write('one\n'), { timeoutMilliseconds: 50 });
    const caller = new AbortController();
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of server.client.podLogs(ref, { follow: true, signal: caller.signal })) lines.push(line);
    })();
    setTimeout(() => caller.abort(), 200);
    expect(isAborted(await failureOf(reading))).toBe(true);
    expect(lines).toEqual(['one']);
  });

  it('closes its connection when the reader leaves', async () => {
    const closed = Promise.withResolvers<undefined>();
    server = await startWireServer((request, response) => {
      request.socket.on('close', () => closed.resolve(undefined));
      response.write('one\ntwo\n');
    });
    for await (const line of server.client.podLogs(ref, { follow: true })) if (line === 'one') break;
    await closed.promise;
  });

  it('fails when the server has no such log', async () => {
    server = await startWireServer((_request, response) => sendJson(response, 404, statusBody(404, 'NotFound', 'no')));
    const reading = server.client.podLogs(ref).next();
    expect((await failureOf(reading)).message).toBe('cannot get pods/log a/b: 404 NotFound: no');
  });
});
