import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { chooseProvider } from '../../cluster/choose-provider.ts';
import { run } from '../../cluster/command.ts';
import { SecondControlPlane } from '../../cluster/native/second-control-plane.ts';
import type { ClusterEnvironment } from '../../cluster/provider.ts';

const silent = (): undefined => undefined;

let first: ClusterEnvironment;
const second = new SecondControlPlane('test');

const kubectl = ({ binFolder, kubeconfigPath }: ClusterEnvironment, ...args: readonly string[]): Promise<string> =>
  run([join(binFolder, 'kubectl'), '--kubeconfig', kubeconfigPath, ...args]);

const uidOf = (environment: ClusterEnvironment): Promise<string> =>
  kubectl(environment, 'get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');

beforeAll(async () => {
  const provider = await chooseProvider();
  await provider.up(silent);
  first = await provider.environment();
});

afterAll(async () => {
  await second.down(silent, { deleteData: true });
});

describe('a second cluster', () => {
  it('is another cluster with the same kinds and classes, on the same store, and leaves nothing behind', async () => {
    await second.up(silent);
    const environment = await second.environment();
    expect(environment.s3).toEqual(first.s3);
    expect(await uidOf(environment)).not.toBe(await uidOf(first));
    for (const kind of ['storageclasses', 'customresourcedefinitions']) {
      const names = await kubectl(environment, 'get', kind, '-o', 'name');
      expect((await kubectl(first, 'get', kind, '-o', 'name')).split('\n')).toEqual(
        expect.arrayContaining(names.trim().split('\n')),
      );
    }

    const pids = (await second.status()).components.map(({ pid }) => pid);
    await second.up(silent);
    const status = await second.status();
    expect(status.state).toBe('up');
    expect(status.components.map(({ pid }) => pid)).toEqual(pids);

    await second.down(silent, { deleteData: true });
    expect(await second.status()).toMatchObject({ state: 'down', components: [], residues: [] });
    expect(await kubectl(first, 'get', '--raw', '/readyz')).toBe('ok');
  });
});
