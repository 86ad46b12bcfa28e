import { describe, expect, it } from 'vitest';
import { backupPolicySpec } from '../../api/backup-policy.ts';
import { storageClasses } from '../../kube/model/built-in-kinds.ts';
import { cacheVolume } from './cache-volume.ts';

const policy = backupPolicySpec.parse({ schedule: { every: 'Hour' } });
const classOf = (provisioner: string) =>
  storageClasses.parse({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'shared', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    provisioner,
  });

describe('cacheVolume', () => {
  it("is made by the claim's class and by one pod only, whatever the claim's access modes and the default class are", () => {
    expect(cacheVolume(policy, classOf('nfs.csi.k8s.io'))).toEqual({
      cacheCapacity: '1Gi',
      cacheAccessModes: ['ReadWriteOnce'],
      cacheStorageClassName: 'shared',
    });
  });

  it('is made by the class that the policy names', () => {
    const named = { ...policy, volSync: { ...policy.volSync, cacheStorageClassName: 'quick' } };
    expect(cacheVolume(named, classOf('nfs.csi.k8s.io'))).toMatchObject({ cacheStorageClassName: 'quick' });
  });

  it("is left to the default class where the claim's makes no volumes, or is not there", () => {
    for (const storageClass of [classOf('kubernetes.io/no-provisioner'), undefined]) {
      expect(cacheVolume(policy, storageClass)).not.toHaveProperty('cacheStorageClassName');
    }
  });
});
