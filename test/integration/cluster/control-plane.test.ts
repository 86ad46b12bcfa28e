import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { CoreV1Api, KubeConfig, V1ConfigMap, V1ObjectMeta } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';

import type { ControlPlane } from '../../cluster/native/control-plane.ts';
import { startControlPlane } from '../../cluster/native/control-plane.ts';
import { identify } from '../../cluster/native/process-identity.ts';

let plane: ControlPlane | undefined;
afterEach(async () => plane?.stop());

function core(running: ControlPlane): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(running.kubeconfigPath);
  return config.makeApiClient(CoreV1Api);
}

async function createConfigMap(running: ControlPlane, name: string): Promise<void> {
  const body = Object.assign(new V1ConfigMap(), { metadata: Object.assign(new V1ObjectMeta(), { name }) });
  await core(running).createNamespacedConfigMap({ namespace: 'default', body });
}

describe('control plane', () => {
  it('serves, survives kill -9 of both parts, compacts, and leaves nothing behind', async () => {
    plane = await startControlPlane();
    await createConfigMap(plane, 'kept');
    const before = await core(plane).listNamespacedConfigMap({ namespace: 'default' });

    await plane.kill('apiserver');
    await plane.kill('etcd');
    expect(plane.pid('apiserver')).toBeUndefined();
    await plane.restart('etcd');
    await core(plane)
      .listNamespace()
      .then(
        () => expect.unreachable('the API server is dead'),
        () => undefined,
      );
    await plane.restart('apiserver');
    expect((await core(plane).readNamespacedConfigMap({ namespace: 'default', name: 'kept' })).metadata?.name).toBe(
      'kept',
    );

    await createConfigMap(plane, 'later');
    await plane.compact();
    await plane.restart('apiserver');
    const watch = core(plane).listNamespacedConfigMap({
      namespace: 'default',
      resourceVersion: before.metadata?.resourceVersion ?? '',
      resourceVersionMatch: 'Exact',
    });
    await expect(watch).rejects.toMatchObject({ code: 410 });

    const pids = [plane.pid('etcd'), plane.pid('apiserver')];
    const folder = dirname(plane.kubeconfigPath);
    await plane.stop();
    expect(pids.map((pid) => identify(pid ?? 0))).toEqual([undefined, undefined]);
    expect(existsSync(folder)).toBe(false);
  }, 120_000);
});
