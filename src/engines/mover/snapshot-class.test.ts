import { describe, expect, it } from 'vitest';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { Store } from '../../kube/cache/store.ts';
import { persistentVolumeClaims, type StorageClass, storageClasses } from '../../kube/model/built-in-kinds.ts';
import { type VolumeSnapshotClass, volumeSnapshotClasses } from '../../kube/model/volume-snapshot-kinds.ts';
import { chooseSnapshotClass } from './snapshot-class.ts';

const created = { creationTimestamp: '2026-01-01T00:00:00Z', uid: 'u-1', resourceVersion: '1' };

const snapshotClass = (name: string, isDefault = false, driver = 'csi.example'): VolumeSnapshotClass =>
  volumeSnapshotClasses.parse({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: {
      ...created,
      name,
      annotations: isDefault ? { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } : {},
    },
    driver,
  });

const storageClass = (parameters: Readonly<Record<string, string>> = {}): StorageClass =>
  storageClasses.parse({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { ...created, name: 'fast' },
    provisioner: 'csi.example',
    parameters,
  });

const storeOf = <T extends StorageClass | VolumeSnapshotClass>(objects: readonly T[]): Store<T> => {
  const store = new Store<T>({});
  for (const object of objects) store.set(object.metadata.name, { resourceVersion: '1', object });
  return store;
};

const claim = persistentVolumeClaims.parse({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { ...created, name: 'db', namespace: 'shop' },
  spec: { storageClassName: 'fast' },
});

function choose(classes: readonly VolumeSnapshotClass[], named?: string, parameters = {}) {
  const policy = backupPolicies.parse({
    apiVersion: 'rebound.dev/v1alpha1',
    kind: 'BackupPolicy',
    metadata: { name: 'hourly' },
    spec: { schedule: { every: 'Hour' }, volSync: { volumeSnapshotClassName: named } },
  });
  const stores = { storageClasses: storeOf([storageClass(parameters)]), snapshotClasses: storeOf(classes) };
  return chooseSnapshotClass(stores, claim, policy);
}

describe("the class of a claim's snapshots", () => {
  it('is the one that the tier names, else the default, else the only one of the driver', () => {
    const all = [snapshotClass('a'), snapshotClass('b', true), snapshotClass('c'), snapshotClass('d', true, 'another')];
    expect(choose(all, 'c')).toEqual({ ok: true, name: 'c' });
    expect(choose(all)).toEqual({ ok: true, name: 'b' });
    expect(choose(all, 'd')).toEqual({ ok: true, name: 'b' });
    expect(choose([snapshotClass('a'), snapshotClass('d', true, 'another')])).toEqual({ ok: true, name: 'a' });
  });

  it.each([
    ['there is none of the driver', [snapshotClass('d', true, 'another')], {}, /no VolumeSnapshotClass of driver/],
    ['nobody says which', [snapshotClass('a'), snapshotClass('c')], {}, /none is the default/],
    ['volumes are named after claims', [snapshotClass('a')], { subDir: '${pvc.metadata.name}' }, /names volumes after/],
  ])('is none where %s', (_, classes, parameters, why) => {
    const choice = choose(classes, undefined, parameters);
    expect(choice.ok ? choice.name : choice.message).toMatch(why);
  });
});
