import { describe, expect, it } from 'vitest';
import { backupPolicies, protectedVolumes } from '../../api/resource-kinds.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import {
  buildCopyClaim,
  buildCopyContent,
  buildCopySnapshot,
  buildFirstSnapshot,
  type RunObjects,
} from './copy-objects.ts';

const SNAPSHOT_API = 'snapshot.storage.k8s.io/v1';
const base = { creationTimestamp: '2026-01-01T00:00:00Z', uid: 'u-1' };

const claim = persistentVolumeClaims.parse({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { ...base, name: 'db', namespace: 'shop', uid: 'c-1' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    volumeMode: 'Filesystem',
    resources: { requests: { storage: '1Gi' } },
  },
  status: { phase: 'Bound', capacity: { storage: '2Gi' } },
});

const volume = protectedVolumes.parse({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'ProtectedVolume',
  metadata: { ...base, name: 'db', namespace: 'shop', uid: 'v-1' },
  spec: { claimName: 'db', policyName: 'hourly' },
});

const policy = backupPolicies.parse({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'BackupPolicy',
  metadata: { name: 'hourly' },
  spec: { schedule: { every: 'Hour' } },
});

const plan: RunObjects = { name: 'rebound-backup-c-1-0123456789', namespace: 'shop', claim, volume, policy };

const first = (status: object) =>
  volumeSnapshots.parse({
    apiVersion: SNAPSHOT_API,
    kind: 'VolumeSnapshot',
    metadata: { ...base, name: plan.name, namespace: 'shop' },
    status,
  });

const content = volumeSnapshotContents.parse({
  apiVersion: SNAPSHOT_API,
  kind: 'VolumeSnapshotContent',
  metadata: {
    ...base,
    name: 'snapcontent-1',
    labels: { 'snapshot.storage.kubernetes.io/managed-by': 'node-1', other: 'label' },
    annotations: {
      'snapshot.storage.kubernetes.io/deletion-secret-name': 'keys',
      'snapshot.storage.kubernetes.io/volumesnapshot-being-created': 'yes',
    },
  },
  spec: {
    driver: 'csi.example',
    deletionPolicy: 'Delete',
    volumeSnapshotClassName: 'class',
    sourceVolumeMode: 'Filesystem',
    volumeSnapshotRef: { namespace: 'shop', name: plan.name },
  },
});

describe('what a backup run makes', () => {
  it("is one snapshot in the application's namespace, which goes with the claim's protection", () => {
    const { metadata, spec } = buildFirstSnapshot({ ...plan, request: 'please' }, 'class');
    expect(metadata).toMatchObject({ name: plan.name, namespace: 'shop', ownerReferences: [{ uid: 'v-1' }] });
    expect(metadata.annotations).toMatchObject({ 'rebound.dev/claim': 'shop/db', 'rebound.dev/request': 'please' });
    expect(spec).toEqual({ volumeSnapshotClassName: 'class', source: { persistentVolumeClaimName: 'db' } });
  });

  it('is the same snapshot of the storage among the movers, looked after by the same controller, whose end frees nothing', () => {
    const { metadata, spec } = buildCopyContent(plan, content, 'handle');
    expect(spec).toEqual({
      deletionPolicy: 'Retain',
      driver: 'csi.example',
      source: { snapshotHandle: 'handle' },
      sourceVolumeMode: 'Filesystem',
      volumeSnapshotClassName: 'class',
      volumeSnapshotRef: { namespace: 'rebound-movers', name: 'rebound-copy-c-1-0123456789' },
    });
    expect(metadata.labels).toMatchObject({
      'snapshot.storage.kubernetes.io/managed-by': 'node-1',
      'rebound.dev/claim-uid': 'c-1',
      'rebound.dev/owner-uid': 'v-1',
    });
    expect(metadata.labels).not.toHaveProperty('other');
    expect(metadata.annotations).toEqual({
      'snapshot.storage.kubernetes.io/deletion-secret-name': 'keys',
      'rebound.dev/claim': 'shop/db',
    });
    expect(buildCopySnapshot(plan, content)).toMatchObject({
      metadata: { namespace: 'rebound-movers', name: metadata.name },
      spec: { source: { volumeSnapshotContentName: metadata.name } },
    });
  });

  it.each([
    ['exactly as large as the snapshot says', { restoreSize: '1536Mi' }, '1536Mi'],
    ['as large as the volume where it says nothing', {}, '2Gi'],
    ['as large as the volume where it says 0', { restoreSize: 0 }, '2Gi'],
  ])('is a claim %s', (_, status, storage) => {
    const { spec, metadata } = buildCopyClaim(plan, first(status), undefined);
    expect(spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      volumeMode: 'Filesystem',
      resources: { requests: { storage } },
      dataSource: {
        apiGroup: 'snapshot.storage.k8s.io',
        kind: 'VolumeSnapshot',
        name: 'rebound-copy-c-1-0123456789',
      },
    });
    expect(metadata.annotations).not.toHaveProperty('volume.kubernetes.io/selected-node');
  });

  it('names a node where its class waits for one', () => {
    const { annotations } = buildCopyClaim(plan, first({}), 'node-1').metadata;
    expect(annotations).toMatchObject({ 'volume.kubernetes.io/selected-node': 'node-1' });
  });
});
