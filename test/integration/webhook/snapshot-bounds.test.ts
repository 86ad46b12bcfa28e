import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import { persistentVolumes } from '../../../src/kube/model/built-in-kinds.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../../src/kube/model/volume-snapshot-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import type { Fixture } from '../kube/fixture.ts';
import { startBoundsFixture } from './bounds-fixture.ts';

const MOVERS = 'rebound-movers';
const labels = { 'app.kubernetes.io/managed-by': 'rebound' };
const owner = { apiVersion: 'rebound.dev/v1alpha1', kind: 'ProtectedVolume', name: 'data', uid: 'u-1' };
const bounded = /may only/;

let fixture: Fixture;
/** With the rights of the controller's ServiceAccount. */
let controller: KubeClient;
let stop: () => Promise<void>;
let namespace: string;
let count = 0;

const firstOf = (metadata: object = {}) => ({
  metadata: { namespace, name: 'rebound-backup-1', labels, ownerReferences: [owner], ...metadata },
  spec: { source: { persistentVolumeClaimName: 'data' } },
});

const contentOf = (metadata: object = {}, spec: object = {}) => ({
  metadata: { name: `rebound-copy-${count}`, labels, ...metadata },
  spec: {
    driver: 'csi.example',
    deletionPolicy: 'Retain',
    source: { snapshotHandle: 'handle' },
    volumeSnapshotRef: { namespace: MOVERS, name: `rebound-copy-${count}` },
    ...spec,
  },
});

beforeAll(async () => {
  ({ fixture, controller, stop } = await startBoundsFixture([volumeSnapshots, volumeSnapshotContents]));
  namespace = await fixture.newNamespace();
  await poll({ what: 'the bounds to be enforced', timeoutSeconds: 30 }, async () => {
    const attempts = [
      controller.create(volumeSnapshots, firstOf({ name: 'mine' }), { dryRun: true }),
      controller.create(volumeSnapshotContents, contentOf({ name: 'mine' }), { dryRun: true }),
    ];
    const answers = await Promise.allSettled(attempts);
    return answers.every((one) => one.status === 'rejected' && bounded.test(String(one.reason)));
  });
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
  count += 1;
});
afterAll(async () => {
  await stop();
});

describe('invariant 9: the snapshots of backup runs', () => {
  it('are made and removed beside claims, and among the movers', async () => {
    const first = firstOf();
    const copy = { ...firstOf(), metadata: { namespace: MOVERS, name: `rebound-copy-${count}`, labels } };
    for (const one of [first, copy]) {
      await controller.create(volumeSnapshots, one);
      expect(await controller.delete(volumeSnapshots, one.metadata)).toBe(true);
    }
  });

  it.each([
    ['of another name', { name: 'mine' }],
    ['without their label', { labels: {} }],
    ['without their owner', { ownerReferences: [] }],
    ['of a name that only movers have', { name: 'rebound-copy-1', ownerReferences: [] }],
  ])('are not made, and not removed, where they are %s', async (_, metadata) => {
    const one = firstOf(metadata);
    await expect(controller.create(volumeSnapshots, one)).rejects.toThrow(bounded);
    await fixture.client.create(volumeSnapshots, one);
    await expect(controller.delete(volumeSnapshots, one.metadata)).rejects.toThrow(bounded);
  });

  it('have contents that bring them among the movers only, and leave the storage alone', async () => {
    await controller.create(volumeSnapshotContents, contentOf());
    expect(await controller.delete(volumeSnapshotContents, contentOf().metadata)).toBe(true);
    for (const one of [
      contentOf({ name: 'mine' }),
      contentOf({ labels: {} }),
      contentOf({}, { deletionPolicy: 'Delete' }),
      contentOf({}, { volumeSnapshotRef: { namespace, name: `rebound-copy-${count}` } }),
      contentOf({}, { volumeSnapshotRef: { namespace: MOVERS, name: 'another' } }),
    ]) {
      await expect(controller.create(volumeSnapshotContents, one)).rejects.toThrow(bounded);
    }
  });

  it("go with the storage's own: of a run's content the policy may become Delete, and nothing else of any content", async () => {
    const content = (name: string) =>
      contentOf({ name: `${namespace}-${name}`, labels: {} }, { volumeSnapshotRef: { namespace, name } });
    const [ours, mine] = [content('rebound-backup-1'), content('mine')];
    for (const one of [ours, mine]) await fixture.client.create(volumeSnapshotContents, one);
    const change = (one: typeof ours, spec: object) =>
      controller.mergePatch(volumeSnapshotContents, one.metadata, { spec });
    await expect(change(mine, { deletionPolicy: 'Delete' })).rejects.toThrow(bounded);
    await expect(controller.delete(volumeSnapshotContents, mine.metadata)).rejects.toThrow(bounded);
    await expect(change(ours, { deletionPolicy: 'Delete', source: { snapshotHandle: 'another' } })).rejects.toThrow(
      bounded,
    );
    await change(ours, { deletionPolicy: 'Delete' });
    await expect(change(ours, { deletionPolicy: 'Retain' })).rejects.toThrow(bounded);
    expect(await controller.delete(volumeSnapshotContents, ours.metadata)).toBe(true);
  });
});

describe('invariant 5: the volumes of copies', () => {
  it('go with their claims, or are set free; none is handed over', async () => {
    const volume = (name: string, claimRef: object) => ({
      metadata: { name: `${namespace}-${name}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        csi: { driver: 'csi.example', volumeHandle: name },
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef,
      },
    });
    const copy = volume('copy', { namespace: MOVERS, name: 'rebound-copy-1' });
    const mine = volume('mine', { namespace, name: 'rebound-copy-1' });
    for (const one of [copy, mine]) await fixture.client.create(persistentVolumes, one);
    const change = (one: typeof copy, spec: object) => controller.mergePatch(persistentVolumes, one.metadata, { spec });
    await expect(change(mine, { persistentVolumeReclaimPolicy: 'Delete' })).rejects.toThrow(bounded);
    await expect(change(copy, { claimRef: { namespace, name: 'data' } })).rejects.toThrow(bounded);
    await change(copy, { persistentVolumeReclaimPolicy: 'Delete' });
    await change(copy, { claimRef: null });
  });
});
