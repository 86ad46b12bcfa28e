import { beforeEach, describe, expect, it } from 'vitest';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import { EXCLUDED_NAMESPACES } from '../../domain/excluded-namespaces.ts';
import { failure } from '../../destinations/outcome.ts';
import { type PersistentVolumeClaim, persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { copies } from '../copies.ts';
import { childOf } from '#doubles/kube/json.ts';
import { LaggingStore } from '#doubles/kube/lagging-stores.ts';
import { World } from '#simulation/world.ts';
import { UnlabelledClaimReconciler } from './reconciler.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let world: World;
let claims: LaggingStore<PersistentVolumeClaim>;
let reconciler: UnlabelledClaimReconciler;

const objects = () => world.destination.restic.store;

const putRecord = (claim: string, namespace = 'shop'): void => {
  const time = new Date(world.now() - HOUR).toISOString();
  const lastGoodBackup = { snapshotId: 'ab'.repeat(32), time, sizeBytes: 1, files: 1, directories: 1 };
  const record = { version: 1, namespace, claim, claimUid: 'u', policy: 'hourly', lastGoodBackup, recordedAt: time };
  objects().objects.set(`.rebound/claims/${namespace}/${claim}.json`, Buffer.from(JSON.stringify(record)));
};

const create = (name: string, metadata: object = {}, namespace = 'shop'): void => {
  world.server.create(persistentVolumeClaims, { metadata: { namespace, name, ...metadata }, spec: {} });
};

/** The controller sees and looks at all claims without the label. */
async function look(): Promise<void> {
  claims.see();
  for (const { key } of claims.store.all()) await reconciler.reconcile(key);
}

beforeEach(() => {
  world = new World();
  world.process.copies.seeEverything();
  claims = new LaggingStore(copies.unlabelledClaims, world.server);
  reconciler = new UnlabelledClaimReconciler(world.process.context, claims.store, EXCLUDED_NAMESPACES);
});

describe('UnlabelledClaimReconciler', () => {
  it('warns once of a new claim without the label whose name the ledger knows, and leaves it as it is', async () => {
    putRecord('data-0');
    create('data-0');
    const before = world.server.get(persistentVolumeClaims, { namespace: 'shop', name: 'data-0' });
    await look();
    await look();
    expect(world.events).toMatchObject([{ type: 'Warning', reason: 'LabelMissing' }]);
    expect(world.events[0]?.message).toContain('create it again with label backup: hourly');
    expect(world.server.get(persistentVolumeClaims, { namespace: 'shop', name: 'data-0' })).toEqual(before);
  });

  it('warns again of another claim of that name', async () => {
    putRecord('data-0');
    create('data-0');
    await look();
    world.server.delete(persistentVolumeClaims, { namespace: 'shop', name: 'data-0' });
    world.cluster.protect();
    await look();
    create('data-0');
    await look();
    expect(world.told).toEqual(['LabelMissing', 'LabelMissing']);
  });

  it.each([
    ['exempt', { annotations: { 'rebound.dev/exempt-reason': 'a cache' } }],
    ['exempt by its label', { labels: { backup: 'none' } }],
    ['a prime', { labels: { [MANAGED_BY_LABEL]: MANAGED_BY } }],
    ["the engine's", { labels: { 'app.kubernetes.io/created-by': 'volsync' } }],
    ['ephemeral', { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p' }] }],
  ])('invariant 6: says nothing of a claim that is %s', async (_, metadata) => {
    putRecord('data-0');
    create('data-0', metadata);
    await look();
    expect(world.told).toEqual([]);
  });

  it('invariant 6: says nothing in the namespaces that are left alone', async () => {
    putRecord('data-0', 'kube-system');
    create('data-0', {}, 'kube-system');
    await look();
    expect(world.told).toEqual([]);
  });

  it('asks the store once for all claims, and not at all for old ones', async () => {
    for (let count = 0; count < 50; count += 1) create(`old-${count}`);
    world.wait(25 * HOUR);
    await look();
    expect(objects().calls).toEqual([]);
    for (let count = 0; count < 50; count += 1) create(`new-${count}`);
    await look();
    expect(objects().calls.filter((call) => call.startsWith('LIST'))).toHaveLength(1);
    expect(objects().calls.filter((call) => call.includes('claims/shop/'))).toEqual([]);
  });

  it('asks again later while the store does not answer', async () => {
    putRecord('data-0');
    create('data-0');
    objects().fault = () => failure('Unreachable', 'no connection');
    await look();
    expect(world.told).toEqual([]);
    objects().fault = undefined;
    world.wait(MINUTE);
    await look();
    expect(world.told).toEqual(['LabelMissing']);
  });

  describe('a claim without the label that has the data source of one that was restored', () => {
    const dataSourceRef = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'rebound-1' };
    const selector = { matchLabels: { 'rebound.dev/waits-for': 'rebound-1' } };
    const metadata = { namespace: 'shop', name: 'copied' };
    const createWaiting = (): void => {
      world.server.create(persistentVolumeClaims, { metadata, spec: { dataSourceRef, selector } });
    };

    it('invariant 10: is told that nobody makes its restore, and what to take out of its manifest', async () => {
      createWaiting();
      await look();
      expect(world.told).toEqual([]);
      world.wait(MINUTE);
      await look();
      await look();
      expect(world.told).toEqual(['NoRestoreComes']);
      expect(world.events[0]?.message).toContain('spec.dataSourceRef, spec.dataSource and spec.selector');
    });

    it('invariant 6: is left alone where it is bound', async () => {
      createWaiting();
      world.server.change(persistentVolumeClaims, metadata, (claim) => {
        childOf(claim, 'status')['phase'] = 'Bound';
      });
      world.wait(MINUTE);
      await look();
      expect(world.told).toEqual([]);
    });
  });
});
