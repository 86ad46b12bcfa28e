import { z } from 'zod';
import { defineKind, namespacedMetadata, objectSchema } from '../../kube/model/object-schema.ts';

const volumeSnapshotSchema = objectSchema(
  { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' },
  namespacedMetadata,
  { status: z.object({ readyToUse: z.boolean().optional() }).optional() },
);
export type VolumeSnapshot = z.infer<typeof volumeSnapshotSchema>;

/** CSI's snapshots. Clusters without a snapshot controller do not serve them. */
export const volumeSnapshots = defineKind({
  group: 'snapshot.storage.k8s.io',
  version: 'v1',
  plural: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
  schema: volumeSnapshotSchema,
});

/**
 * Name of the snapshot that VolSync takes of a claim and reads while it backs up (internal/controller/mover/restic/mover.go,
 * v0.14). It goes when the backup has ended.
 */
export const sourceSnapshotName = (replicationSourceName: string): string => `volsync-${replicationSourceName}-src`;
