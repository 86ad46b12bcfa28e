import { beforeEach, describe, expect, it } from 'vitest';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { World } from '#simulation/world.ts';
import { VELERO_LOOK_MILLISECONDS, veleroRestores } from './velero-restore.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

/** A claim that something has labelled for backups. */
function createClaim(metadata: { readonly labels?: object; readonly annotations?: object }, spec: object = {}): void {
  world.server.create(persistentVolumeClaims, {
    metadata: {
      namespace: 'shop',
      name: 'data',
      labels: { backup: 'hourly', ...metadata.labels },
      annotations: { ...metadata.annotations },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  });
}

/** The claim is bound, and a pod runs with it. */
async function use(): Promise<void> {
  await world.look();
  world.cluster.provision();
  world.cluster.bind();
  world.scale(1);
  world.cluster.schedule();
  world.wait(3_000);
  await world.look();
}

describe('claims that some other policy labels', () => {
  it.each([{ 'app.kubernetes.io/created-by': 'volsync' }, { 'rebound.dev/role': 'prime' }])(
    'are not protected when they are helpers: %j',
    async (labels) => {
      createClaim({ labels });
      await use();
      expect(world.protection).toBeUndefined();
      expect(world.server.list(replicationSources)).toEqual([]);
    },
  );

  it('are protected no more when they turn out to be helpers', async () => {
    createClaim({});
    await use();
    expect(world.server.list(replicationSources)).toHaveLength(1);
    world.server.change(persistentVolumeClaims, { namespace: 'shop', name: 'data' }, (object) => {
      const labels = childOf(childOf(object, 'metadata'), 'labels');
      labels['app.kubernetes.io/created-by'] = 'volsync';
    });
    world.wait(1_000);
    await world.look();
    await world.look();
    expect(world.server.list(protectedVolumes)).toEqual([]);
  });
});

it('claims of a system namespace that carry the label are told once that it means nothing there, and nothing else', async () => {
  const claim = { namespace: 'kube-system', name: 'data' };
  world.server.create(persistentVolumeClaims, { metadata: { ...claim, labels: { backup: 'hourly' } }, spec: {} });
  for (let look = 0; look < 2; look += 1) {
    world.process.copies.seeEverything();
    await world.process.protections.reconcile('kube-system/data');
  }
  expect(world.told).toEqual(['ExcludedNamespace']);
  expect(world.events[0]?.type).toBe('Warning');
  expect(world.events[0]?.message).toContain('neither backed up nor restored');
  expect(world.server.list(protectedVolumes)).toEqual([]);
  expect(world.server.list(replicationSources)).toEqual([]);
});

describe('what can not be backed up', () => {
  it.each([
    ['BlockVolume', { volumeMode: 'Block' }],
    ['ReadOnlyVolume', { accessModes: ['ReadOnlyMany'] }],
  ])('says so, and gets no schedule: %s', async (reason, spec) => {
    createClaim({}, spec);
    await use();
    expect(ready()).toMatchObject({ status: 'False', reason });
    expect(world.protection?.status?.phase).toBe('Degraded');
    expect(world.server.list(replicationSources)).toEqual([]);
    expect(world.told).toContain(reason);
  });
});

describe('what is backed up and would not be restored', () => {
  const decided = {
    'rebound.dev/decision': 'ignore',
    'rebound.dev/decision-reason': 'The claim chooses its volume by a spec.selector.',
  };

  it('says so where the list of protected volumes is read, and once in an event', async () => {
    createClaim({ labels: { 'cnpg.io/cluster': 'db' }, annotations: decided });
    await use();
    world.write((before) => ({ ...before, files: 41, sizeBytes: 8_000_000, complete: true }));
    world.backUp('complete');
    world.wait(3_000);
    await world.look();
    expect(ready()).toMatchObject({ status: 'True', reason: 'OperatorClaim' });
    expect(world.told.filter((reason) => reason === 'NotRestored')).toHaveLength(1);
    await world.restart();
    await world.look();
    expect(world.told.filter((reason) => reason === 'NotRestored')).toHaveLength(1);
  });
});

describe('a claim that Velero restores', () => {
  const labels = { 'velero.io/restore-name': 'after-the-fire' };
  const restore = (phase: string) => ({ metadata: { namespace: 'velero', name: 'after-the-fire' }, status: { phase } });

  it('invariant 3: is backed up when that Restore has ended, and not before', async () => {
    world.server.create(veleroRestores, { ...restore('InProgress'), spec: {} });
    world.server.change(veleroRestores, restore('').metadata, (object) => {
      Object.assign(object, { status: { phase: 'InProgress' } });
    });
    createClaim({ labels });
    await use();
    expect(ready()).toMatchObject({ status: 'False', reason: 'VeleroRestoreUnderWay' });
    expect(world.server.list(replicationSources)).toEqual([]);
    world.server.change(veleroRestores, restore('').metadata, (object) => {
      Object.assign(object, { status: { phase: 'PartiallyFailed' } });
    });
    world.wait(VELERO_LOOK_MILLISECONDS);
    await world.look();
    expect(world.server.list(replicationSources)).toHaveLength(1);
  });

  it('is backed up when the Restore is gone', async () => {
    createClaim({ labels });
    await use();
    expect(world.server.list(replicationSources)).toHaveLength(1);
  });
});
