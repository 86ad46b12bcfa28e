import { afterEach, describe, expect, it } from 'vitest';
import { HealthServer } from './health-server.ts';
import { createMetrics } from './metrics.ts';

let server: HealthServer | undefined;
afterEach(() => server?.stop());

describe('HealthServer', () => {
  it('answers for liveness, readiness and metrics', async () => {
    const metrics = createMetrics();
    let isSynced = false;
    const readiness = {
      sync: () => (isSynced ? undefined : 'claims have not been listed yet'),
      server: () => undefined,
    };
    server = new HealthServer({ port: 0, host: '127.0.0.1', registry: metrics.registry, readiness });
    const url = `http://127.0.0.1:${await server.start()}`;

    const [live, notReady] = [await fetch(`${url}/healthz`), await fetch(`${url}/readyz`)];
    expect([live.status, notReady.status]).toEqual([200, 503]);
    expect(await notReady.text()).toBe('not ok sync: claims have not been listed yet\nok server\n');
    isSynced = true;
    expect((await fetch(`${url}/readyz?verbose`)).status).toBe(200);

    metrics.controllerObserver('claims').reconciled?.('done', 0.1);
    metrics.onRequest({ verb: 'get', resource: 'pods', code: 200, durationSeconds: 0.01 });
    metrics.reflectorObserver('pods')({ type: 'watchEnded', why: 'gone' });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('rebound_reconcile_total{controller="claims",result="done"} 1');
    expect(text).toContain('rebound_kube_request_duration_seconds_count{verb="get",resource="pods",code="200"} 1');
    expect(text).toContain('rebound_reflector_watch_ends_total{resource="pods",why="gone"} 1');
  });

  it('serves nothing else', async () => {
    server = new HealthServer({ port: 0, host: '127.0.0.1', registry: createMetrics().registry });
    const url = `http://127.0.0.1:${await server.start()}`;
    expect((await fetch(`${url}/secrets`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405);
  });

  it('says so when its port is taken', async () => {
    server = new HealthServer({ port: 0, host: '127.0.0.1', registry: createMetrics().registry });
    const port = await server.start();
    const second = new HealthServer({ port, host: '127.0.0.1', registry: createMetrics().registry });
    await expect(second.start()).rejects.toThrow('EADDRINUSE');
  });
});
