import { createServer } from 'node:http';
import { connect } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubeClient } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import {
  isAlreadyExists,
  isConflict,
  isInvalid,
  isNotFound,
  isUnauthorized,
  KubeError,
} from '../../../src/kube/client/errors.ts';
import {
  configMaps,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  secrets,
} from '../../../src/kube/model/built-in-kinds.ts';
import { type Fixture, startFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => void (fixture = await startFixture()));
afterAll(() => fixture.stop());

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KubeError) return error;
  throw new Error('it did not fail with a KubeError');
}

const claimSpec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
};

describe('reading', () => {
  it('tells a missing object from one that exists, also in a missing namespace', async () => {
    const namespace = await fixture.newNamespace();
    expect(await fixture.client.get(configMaps, { namespace, name: 'none' })).toBeUndefined();
    expect(await fixture.client.get(configMaps, { namespace: 'no-such', name: 'none' })).toBeUndefined();
    const made = await fixture.client.create(configMaps, { metadata: { namespace, name: 'one' }, data: { a: 'ü' } });
    expect(await fixture.client.get(configMaps, { namespace, name: 'one' })).toEqual(made);
    expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('reads 1,200 objects in pages', async () => {
    const namespace = await fixture.newNamespace();
    const created = Array.from({ length: 1200 }, (_, index) => `object-${index}`);
    await Promise.all(created.map((name) => fixture.client.create(configMaps, { metadata: { namespace, name } })));
    const page = await fixture.client.listPage(configMaps, { namespace, limit: 500 });
    expect(page.items).toHaveLength(500);
    expect(page.continueToken).toBeDefined();
    const found = await fixture.client.list(configMaps, { namespace });
    expect(found.map((object) => object.metadata.name).sort()).toEqual(created.sort());
  });

  it('sends many requests over one connection at a time', async () => {
    const { client, connection } = fixture.connect();
    for (let call = 0; call < 100; call++) await client.get(namespaces, { name: 'default' });
    expect(connection.openConnections).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 300 }, () => client.get(namespaces, { name: 'default' })));
    expect(connection.openConnections).toBeLessThanOrEqual(16);
  });

  it('goes through the proxy that the configuration names', async () => {
    const tunnels: (string | undefined)[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url);
      const target = connect(Number(new URL(fixture.plane.server).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { client, connection } = fixture.connect({ proxyUrl: `http://127.0.0.1:${port ?? 0}` });
    expect((await client.get(namespaces, { name: 'default' }))?.metadata.name).toBe('default');
    expect(tunnels).toEqual([new URL(fixture.plane.server).host]);
    await connection.close();
    proxy.close();
  });

  it('gives the text of what is not an object', async () => {
    expect(await fixture.client.raw({ method: 'GET', path: '/readyz' })).toBe('ok');
  });
});

describe('writing', () => {
  it('creates with a generated name, once per name, and checks without storing', async () => {
    const namespace = await fixture.newNamespace();
    const generated = await fixture.client.create(configMaps, { metadata: { namespace, generateName: 'run-' } });
    expect(generated.metadata.name).toMatch(/^run-.{5}$/);
    await fixture.client.create(configMaps, { metadata: { namespace, name: 'dry' } }, { dryRun: true });
    const made = await fixture.client.create(configMaps, { metadata: { namespace, name: 'dry' } });
    expect(made.metadata.name).toBe('dry');
    const again = fixture.client.create(configMaps, { metadata: { namespace, name: 'dry' } });
    expect(isAlreadyExists(await failureOf(again))).toBe(true);
  });

  it('refuses a field that the API does not know, for every way of writing', async () => {
    const namespace = await fixture.newNamespace();
    const metadata = { namespace, name: 'claim' };
    const wrong = { metadata, spec: { ...claimSpec, storageClass: 'fast' } };
    const created = await failureOf(fixture.client.create(persistentVolumeClaims, wrong));
    expect(created.message).toContain('unknown field "spec.storageClass"');
    const applied = await failureOf(fixture.client.apply(persistentVolumeClaims, wrong));
    expect(applied.message).toContain('storageClass');
    await fixture.client.create(persistentVolumeClaims, { metadata, spec: claimSpec });
    const patched = fixture.client.mergePatch(persistentVolumeClaims, metadata, { spec: { storageClass: 'fast' } });
    expect((await failureOf(patched)).message).toContain('unknown field "spec.storageClass"');
  });

  it('patches only if a test operation holds', async () => {
    const namespace = await fixture.newNamespace();
    const ref = { namespace, name: 'one' };
    await fixture.client.create(configMaps, { metadata: ref, data: { phase: 'old' } });
    const step = (from: string, to: string) =>
      fixture.client.jsonPatch(configMaps, ref, [
        { op: 'test', path: '/data/phase', value: from },
        { op: 'replace', path: '/data/phase', value: to },
      ]);
    expect((await step('old', 'new')).data).toEqual({ phase: 'new' });
    expect(isInvalid(await failureOf(step('old', 'newer')))).toBe(true);
    expect((await fixture.client.get(configMaps, ref))?.data).toEqual({ phase: 'new' });
  });

  it('merges over the version that was read, or not at all', async () => {
    const namespace = await fixture.newNamespace();
    const ref = { namespace, name: 'one' };
    const { metadata } = await fixture.client.create(configMaps, { metadata: ref });
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: '1' } };
    await fixture.client.mergePatch(configMaps, ref, patch);
    expect(isConflict(await failureOf(fixture.client.mergePatch(configMaps, ref, patch)))).toBe(true);
  });

  it('invariant 9: does not repeat the content of a Secret that was refused', async () => {
    const namespace = await fixture.newNamespace();
    const wrong = { metadata: { namespace, name: 'one' }, stringData: { key: 7_777_777 } };
    const error = await failureOf(fixture.client.create(secrets, wrong));
    expect(error.code).toBe(400);
    expect(error.message).not.toContain('7777777');
  });
});

describe('server-side apply', () => {
  it('makes fields so, removes those it no longer gives, and leaves those of others', async () => {
    const namespace = await fixture.newNamespace();
    const metadata = { namespace, name: 'one' };
    await fixture.client.apply(configMaps, { metadata, data: { ours: '1', dropped: '1' } });
    await fixture.connect({ fieldManager: 'other' }).client.apply(configMaps, { metadata, data: { theirs: '1' } });
    const applied = await fixture.client.apply(configMaps, { metadata, data: { ours: '2' } });
    expect(applied.data).toEqual({ ours: '2', theirs: '1' });
  });

  it('takes over a field of another manager by force only', async () => {
    const namespace = await fixture.newNamespace();
    const object = (value: string) => ({ metadata: { namespace, name: 'one' }, data: { contested: value } });
    await fixture.connect({ fieldManager: 'other' }).client.apply(configMaps, object('theirs'));
    const polite = await failureOf(fixture.client.apply(configMaps, object('ours'), { force: false }));
    expect(isConflict(polite)).toBe(true);
    expect(polite.message).toContain('conflict with "other"');
    expect((await fixture.client.apply(configMaps, object('ours'))).data).toEqual({ contested: 'ours' });
  });

  it('changes nothing, not even the resource version, when nothing is to be changed', async () => {
    const namespace = await fixture.newNamespace();
    const object = { metadata: { namespace, name: 'one', labels: { a: 'b' } }, data: { c: 'd' } };
    const first = await fixture.client.apply(configMaps, object);
    const second = await fixture.client.apply(configMaps, object);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('applies the status alone', async () => {
    const name = 'volume';
    const spec = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/nowhere' },
    };
    await fixture.client.apply(persistentVolumes, { metadata: { name }, spec });
    const status = { phase: 'Failed', message: 'by hand' };
    const applied = await fixture.client.applyStatus(persistentVolumes, { metadata: { name }, status });
    expect(applied.status).toEqual(status);
    expect(applied.spec.persistentVolumeReclaimPolicy).toBe('Retain');
  });
});

describe('deleting', () => {
  it('deletes once, and only the object that was meant', async () => {
    const namespace = await fixture.newNamespace();
    const ref = { namespace, name: 'one' };
    const { metadata } = await fixture.client.create(configMaps, { metadata: ref });
    const other = fixture.client.delete(configMaps, ref, { preconditions: { uid: 'another-uid' } });
    expect(isConflict(await failureOf(other))).toBe(true);
    const preconditions = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
    expect(await fixture.client.delete(configMaps, ref, { preconditions })).toBe(true);
    expect(await fixture.client.delete(configMaps, ref)).toBe(false);
  });
});

describe('errors', () => {
  it('carry the server’s code, reason and words', async () => {
    const patched = fixture.client.mergePatch(configMaps, { namespace: 'default', name: 'none' }, {});
    const error = await failureOf(patched);
    expect(isNotFound(error)).toBe(true);
    expect(error.message).toBe('cannot patch configmaps default/none: 404 NotFound: configmaps "none" not found');
  });

  it('know a server that does not know us', async () => {
    const config = new KubeConfig();
    config.loadFromFile(fixture.plane.kubeconfigPath);
    const cluster = config.getCurrentCluster();
    config.loadFromClusterAndUser(cluster ?? expect.unreachable(), { name: 'stranger', token: 'hunter2' });
    const connection = new KubeConnection({ config });
    const stranger = new KubeClient({ connection, fieldManager: 'stranger' });
    const error = await failureOf(stranger.list(configMaps));
    expect(isUnauthorized(error)).toBe(true);
    expect(error.message).not.toContain('hunter2');
    await connection.close();
  });
});
