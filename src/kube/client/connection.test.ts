import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KubeClient } from './client.ts';
import { KubeConnection } from './connection.ts';
import { sendJson, startWireServer } from '#doubles/kube/wire-server.ts';

function configFor(cluster: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', skipTLSVerify: true, ...cluster }],
    users: [{ name: 'test' }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return config;
}

afterEach(() => void vi.unstubAllEnvs());

describe('KubeConnection', () => {
  it('says so when there is no configuration', () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', '/nowhere');
    expect(() => new KubeConnection()).toThrow('no Kubernetes configuration found');
  });

  it('says so when the context names no cluster', () => {
    const config = new KubeConfig();
    config.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: 'gone' });
    expect(() => new KubeConnection({ config })).toThrow('no cluster for its context "gone"');
  });

  it('sends no credentials without encryption', () => {
    const config = configFor({ server: 'http://example.invalid', skipTLSVerify: false });
    expect(() => new KubeConnection({ config })).toThrow('not encrypted');
  });

  it('keeps the path of a server that stands behind a gateway', async () => {
    const server = await startWireServer((_request, response) => sendJson(response, 200, {}));
    const config = configFor({ server: `${server.connection.server}k8s/clusters/one/` });
    const connection = new KubeConnection({ config });
    await new KubeClient({ connection, fieldManager: 'test' }).raw({ method: 'GET', path: '/version' });
    expect(server.requests).toEqual(['GET /k8s/clusters/one/version']);
    await connection.close();
    await server.stop();
  });
});
