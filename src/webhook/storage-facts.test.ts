import { describe, expect, it } from 'vitest';
import type { CSIDriver, PersistentVolume, StorageClass } from '../kube/model/built-in-kinds.ts';
import { Store } from '../kube/cache/store.ts';
import { freeVolumeIndexers, slimVolume, storageFactsOf } from './storage-facts.ts';

const metadata = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2030-01-01T00:00:00Z',
});

const volume = (name: string, spec: PersistentVolume['spec'], phase = 'Available'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: metadata(name),
  spec,
  status: { phase },
});

function sourcesWith(...volumes: readonly PersistentVolume[]) {
  const storageClasses = new Store<StorageClass>();
  const csiDrivers = new Store<CSIDriver>();
  const store = new Store<PersistentVolume>(freeVolumeIndexers);
  const ofClass = (name: string, provisioner: string): StorageClass => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: metadata(name),
    provisioner,
  });
  storageClasses.set('fast', { resourceVersion: '1', object: ofClass('fast', 'disk.example.com') });
  storageClasses.set('local', { resourceVersion: '1', object: ofClass('local', 'rancher.io/local-path') });
  const driver: CSIDriver = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: metadata('disk.example.com'),
  };
  csiDrivers.set('disk.example.com', { resourceVersion: '1', object: driver });
  for (const one of volumes) store.set(one.metadata.name, { resourceVersion: '1', object: slimVolume(one) });
  return { storageClasses, csiDrivers, volumes: store };
}

const claim = (storageClassName?: string) => ({
  namespace: 'shop',
  name: 'db',
  labels: {},
  annotations: {},
  ownerKinds: [],
  storageClassName,
});

describe('storageFactsOf', () => {
  it('knows the provisioner of a class, and whether it is a CSI driver', () => {
    expect(storageFactsOf(sourcesWith(), claim('fast'))).toMatchObject({
      provisioner: 'disk.example.com',
      isCSIDriver: true,
      hasAvailableVolume: false,
    });
    expect(storageFactsOf(sourcesWith(), claim('local'))).toMatchObject({ isCSIDriver: false });
  });

  it.each([undefined, '', 'not-there-yet'])('knows none of the class %j', (storageClassName) => {
    const facts = storageFactsOf(sourcesWith(), claim(storageClassName));
    expect(facts).toMatchObject({ provisioner: undefined, isCSIDriver: false });
  });

  it('sees an Available volume of the class, and none of another or of another phase', () => {
    const has = (...volumes: PersistentVolume[]) =>
      storageFactsOf(sourcesWith(...volumes), claim('fast')).hasAvailableVolume;
    expect(has(volume('a', { storageClassName: 'fast' }))).toBe(true);
    expect(has(volume('a', { storageClassName: 'slow' }), volume('b', {}))).toBe(false);
    expect(has(volume('a', { storageClassName: 'fast' }, 'Bound'))).toBe(false);
    expect(storageFactsOf(sourcesWith(volume('a', {})), claim()).hasAvailableVolume).toBe(true);
  });

  it('tells a volume that is reserved for the claim from one that is for another, or was for one that is gone', () => {
    const reserved = (claimRef: object) =>
      storageFactsOf(sourcesWith(volume('a', { storageClassName: 'fast', claimRef })), claim('fast'));
    expect(reserved({ namespace: 'shop', name: 'db' })).toMatchObject({
      hasAvailableVolume: false,
      reservedVolume: 'a',
    });
    const nobody = { hasAvailableVolume: false, reservedVolume: undefined };
    expect(reserved({ namespace: 'shop', name: 'other' })).toMatchObject(nobody);
    expect(reserved({ namespace: 'shop', name: 'db', uid: 'of-an-earlier-claim' })).toMatchObject(nobody);
  });
});
