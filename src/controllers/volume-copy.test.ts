import { describe, expect, it } from 'vitest';
import type { PersistentVolume } from '../kube/model/built-in-kinds.ts';
import { Store } from '../kube/cache/store.ts';
import { FREE_VOLUMES_BY_CLASS } from '../engines/free-volumes.ts';
import { VOLUMES_BY_PRIME_UID } from './stores.ts';
import { slimVolume, volumeIndexers } from './volume-copy.ts';

const volume = (more: Partial<PersistentVolume['spec']>, phase: string, annotations = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv', uid: 'u', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z', annotations },
  spec: { storageClassName: 'fast', capacity: { storage: '1Gi' }, csi: { driver: 'd', volumeHandle: 'h' }, ...more },
  status: { phase },
});

function found(one: PersistentVolume, index: string, value: string): number {
  const store = new Store(volumeIndexers);
  store.set('pv', { resourceVersion: '1', object: slimVolume(one) });
  return store.byIndex(index, value).length;
}

const bound = { claimRef: { namespace: 'shop', name: 'data', uid: 'c' } };
const ofPrime = { claimRef: { namespace: 'shop', name: 'rebound-prime-1', uid: 'p' } };

describe('the copy of all volumes', () => {
  it('keeps a name of one that concerns no restore', () => {
    const { spec, metadata } = slimVolume(volume(bound, 'Bound', { a: 'b' }));
    expect(spec).toEqual({});
    expect(metadata).not.toHaveProperty('annotations');
  });

  it('finds a free one by its class, and how large it is', () => {
    const free = volume({}, 'Available', { 'rebound.dev/may-fill': 'true', a: 'b' });
    expect(found(free, FREE_VOLUMES_BY_CLASS, 'fast')).toBe(1);
    expect(slimVolume(free)).toMatchObject({ spec: { capacity: { storage: '1Gi' } } });
    expect(slimVolume(free).metadata.annotations).toEqual({ 'rebound.dev/may-fill': 'true' });
  });

  it.each<[string, PersistentVolume]>([
    ['is bound', volume(bound, 'Bound')],
    ['waits for a claim that it names', volume({ claimRef: { namespace: 'shop', name: 'data' } }, 'Available')],
    ['is released', volume(ofPrime, 'Released')],
  ])('finds none that %s as a free one', (_, one) => {
    expect(found(one, FREE_VOLUMES_BY_CLASS, 'fast')).toBe(0);
  });

  it('finds one by the old annotation of its class', () => {
    const old = volume({ storageClassName: '' }, 'Available', { 'volume.beta.kubernetes.io/storage-class': 'old' });
    expect(found(old, FREE_VOLUMES_BY_CLASS, 'old')).toBe(1);
  });

  it('finds one by the prime claim that it names', () => {
    expect(found(volume(ofPrime, 'Bound'), VOLUMES_BY_PRIME_UID, 'p')).toBe(1);
  });
});
