import { cpSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfigMap, configMaps } from '../../../src/kube/model/built-in-kinds.ts';
import { Reflector, type ReflectorOptions, type ReflectorReport } from '../../../src/kube/cache/reflector.ts';
import { type Fixture, quiet, startFixture } from './fixture.ts';
import { startTcpProxy } from './tcp-proxy.ts';

let fixture: Fixture;
beforeAll(async () => void (fixture = await startFixture()));
afterAll(() => fixture.stop());

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 60_000 });

interface Watched {
  readonly namespace: string;
  readonly reflector: Reflector<ConfigMap>;
  readonly reports: ReflectorReport[];
  readonly changes: string[];
  readonly names: () => string[];
}

/** A reflector over a namespace of its own, synced. */
async function watched(
  existing: readonly string[] = [],
  options: Partial<ReflectorOptions<ConfigMap>> = {},
): Promise<Watched> {
  const namespace = await fixture.newNamespace();
  await Promise.all(existing.map((name) => make(namespace, name)));
  const reports: ReflectorReport[] = [];
  const changes: string[] = [];
  const reflector = new Reflector({
    client: fixture.client,
    kind: configMaps,
    namespace,
    logger: quiet,
    onReport: (report) => reports.push(report),
    ...options,
  });
  reflector.subscribe(({ key }) => changes.push(key));
  reflector.start();
  await reflector.hasSynced();
  const names = (): string[] =>
    reflector.store
      .list()
      .map((object) => object.metadata.name)
      .sort();
  return { namespace, reflector, reports, changes, names };
}

function make(namespace: string, name: string, data = {}): Promise<ConfigMap> {
  return fixture.client.apply(configMaps, { metadata: { namespace, name }, data });
}

describe('Reflector', () => {
  it('follows 1,200 objects and their changes, exactly', async () => {
    const existing = Array.from({ length: 1200 }, (_, index) => `object-${index}`);
    const { namespace, reflector, changes, names } = await watched(existing);
    expect(names()).toEqual(existing.toSorted());
    expect(changes).toHaveLength(1200);
    await make(namespace, 'object-7', { changed: 'yes' });
    await fixture.client.delete(configMaps, { namespace, name: 'object-8' });
    await make(namespace, 'last');
    await eventually(names).toEqual([...existing.filter((name) => name !== 'object-8'), 'last'].sort());
    expect(reflector.store.get(`${namespace}/object-7`)?.data).toEqual({ changed: 'yes' });
    expect(changes.slice(1200)).toEqual(['object-7', 'object-8', 'last'].map((name) => `${namespace}/${name}`));
    await reflector.stop();
  });

  it('watches on past the server’s time limit without a new list', async () => {
    const { namespace, reflector, reports, names } = await watched([], { watchTimeoutSeconds: 1 });
    await eventually(() => reports.filter(({ type }) => type === 'watchEnded').length).toBeGreaterThanOrEqual(2);
    await make(namespace, 'one');
    await eventually(names).toEqual(['one']);
    expect(reports.filter(({ type }) => type === 'listed')).toHaveLength(1);
    expect(reports.filter((report) => report.type === 'watchEnded' && report.why !== 'closed')).toEqual([]);
    await reflector.stop();
  });

  it('converges after the API server was killed, and notices what was deleted before it lists again', async () => {
    const { namespace, reflector, changes, names } = await watched(['kept', 'deleted']);
    await fixture.plane.kill('apiserver');
    await eventually(() => reflector.problem).toBeDefined();
    expect(names()).toEqual(['deleted', 'kept']);
    await fixture.plane.restart('apiserver');
    await fixture.client.delete(configMaps, { namespace, name: 'deleted' });
    await make(namespace, 'added');
    await eventually(names).toEqual(['added', 'kept']);
    expect(reflector.problem).toBeUndefined();
    expect(changes).toContain(`${namespace}/deleted`);
    await reflector.stop();
  });

  it('lists again after compaction, and notices changes and deletions that no watch will ever tell', async () => {
    const proxy = await startTcpProxy(Number(new URL(fixture.plane.server).port));
    const { client } = fixture.connect({ port: proxy.port });
    const { namespace, reflector, reports, names } = await watched(['kept', 'deleted', 'changed'], { client });
    proxy.cut();
    await eventually(() => reflector.problem).toBeDefined();
    await fixture.client.delete(configMaps, { namespace, name: 'deleted' });
    await make(namespace, 'changed', { a: '2' });
    await fixture.plane.compact();
    await fixture.plane.restart('apiserver');
    proxy.restore();
    await eventually(names).toEqual(['changed', 'kept']);
    await eventually(() => reflector.store.get(`${namespace}/changed`)?.data).toEqual({ a: '2' });
    expect(reports).toContainEqual({ type: 'watchEnded', why: 'gone' });
    expect(reports.filter(({ type }) => type === 'listed')).toHaveLength(2);
    await make(namespace, 'later');
    await eventually(names).toEqual(['changed', 'kept', 'later']);
    await reflector.stop();
    await proxy.stop();
  });

  it('notices a connection that is open but dead, while the server lives', async () => {
    const proxy = await startTcpProxy(Number(new URL(fixture.plane.server).port));
    const { client } = fixture.connect({ port: proxy.port });
    const { namespace, reflector, reports, names } = await watched([], { client, idleTimeoutMilliseconds: 1_000 });
    await make(namespace, 'seen');
    await eventually(names).toEqual(['seen']);
    proxy.freeze();
    await make(namespace, 'missed');
    await eventually(names).toEqual(['missed', 'seen']);
    expect(reports).toContainEqual({ type: 'watchEnded', why: 'silent' });
    await reflector.stop();
    await proxy.stop();
  });

  it('notices that the API server hangs, and goes on when it does', async () => {
    const { namespace, reflector, names } = await watched([], { idleTimeoutMilliseconds: 1_000 });
    await make(namespace, 'one');
    await eventually(names).toEqual(['one']);
    await fixture.plane.kill('apiserver', 'SIGSTOP');
    await eventually(() => reflector.problem).toContain('no answer in time');
    expect(names()).toEqual(['one']);
    await fixture.plane.kill('apiserver', 'SIGCONT');
    await make(namespace, 'two');
    await eventually(names).toEqual(['one', 'two']);
    await eventually(() => reflector.problem).toBeUndefined();
    await reflector.stop();
  });

  it('starts over when etcd was restored from a backup, whose history ends before where we were', async () => {
    const { namespace, reflector, names } = await watched(['kept', 'deleted-later']);
    const etcd = join(dirname(fixture.plane.kubeconfigPath), 'etcd');
    await fixture.plane.kill('etcd');
    cpSync(etcd, `${etcd}-backup`, { recursive: true });
    await fixture.plane.restart('etcd');
    await fixture.plane.restart('apiserver');
    for (let index = 0; index < 20; index++) await make(namespace, `lost-${index}`);
    await fixture.client.delete(configMaps, { namespace, name: 'deleted-later' });
    await eventually(() => names().length).toBe(21);

    await fixture.plane.kill('apiserver');
    await fixture.plane.kill('etcd');
    rmSync(etcd, { recursive: true });
    renameSync(`${etcd}-backup`, etcd);
    await fixture.plane.restart('etcd');
    await fixture.plane.restart('apiserver');
    await eventually(names).toEqual(['deleted-later', 'kept']);
    await reflector.stop();
  });

  it('holds one connection per watch and few for everything else', async () => {
    const proxy = await startTcpProxy(Number(new URL(fixture.plane.server).port));
    const { client } = fixture.connect({ port: proxy.port });
    const all = await Promise.all([1, 2, 3, 4].map(() => watched([], { client, watchTimeoutSeconds: 1 })));
    await eventually(() => all.every(({ reports }) => reports.length > 3)).toBe(true);
    expect(proxy.accepted()).toBeLessThanOrEqual(4 + 4);
    for (const { reflector } of all) await reflector.stop();
    await proxy.stop();
  });
});
