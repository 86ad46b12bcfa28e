import { describe, expect, it } from 'vitest';
import { collectionPath, objectKey, objectPath, ownerReference, splitKey, splitNamespacedKey } from './kind.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from './built-in-kinds.ts';

describe('paths', () => {
  it.each([
    [persistentVolumeClaims, { namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/persistentvolumeclaims/b'],
    [persistentVolumes, { namespace: 'a', name: 'b' }, '/api/v1/persistentvolumes/b'],
    [storageClasses, { name: 'b' }, '/apis/storage.k8s.io/v1/storageclasses/b'],
  ])('name one object of each scope', (kind, ref, path) => {
    expect(objectPath(kind, ref)).toBe(path);
  });

  it('name a collection over all namespaces or in one', () => {
    expect(collectionPath(persistentVolumeClaims)).toBe('/api/v1/persistentvolumeclaims');
    expect(collectionPath(persistentVolumeClaims, 'a')).toBe('/api/v1/namespaces/a/persistentvolumeclaims');
  });

  it('cannot be broken out of by a name', () => {
    expect(objectPath(persistentVolumeClaims, { namespace: 'a', name: '../secrets/b' })).toBe(
      '/api/v1/namespaces/a/persistentvolumeclaims/..%2Fsecrets%2Fb',
    );
  });

  it('refuse to address a namespaced object without its namespace, or any object without a name', () => {
    expect(() => objectPath(persistentVolumeClaims, { name: 'b' })).toThrow('needs a namespace');
    expect(() => objectPath(persistentVolumes, { name: '' })).toThrow('empty name');
  });
});

describe('keys', () => {
  it('go back and forth', () => {
    for (const ref of [{ namespace: 'a', name: 'b' }, { name: 'b' }]) expect(splitKey(objectKey(ref))).toEqual(ref);
  });

  it('of namespaced kinds have a namespace', () => {
    expect(splitNamespacedKey('a/b')).toEqual({ namespace: 'a', name: 'b' });
    expect(() => splitNamespacedKey('b')).toThrow('has no namespace');
  });
});

describe('ownerReference', () => {
  it('needs a uid', () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    expect(() => ownerReference(owner)).toThrow('no uid');
    expect(ownerReference({ ...owner, metadata: { name: 'a', uid: 'u' } })).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'a',
      uid: 'u',
      controller: true,
      blockOwnerDeletion: true,
    });
  });
});
