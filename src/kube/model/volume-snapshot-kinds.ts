import { z } from 'zod';
import { clusterMetadata, defineKind, namespacedMetadata, objectSchema } from './object-schema.ts';

// CSI's snapshots (kubernetes-csi/external-snapshotter, client/apis/volumesnapshot/v1, v8). Clusters without them serve none of these.
const API = { group: 'snapshot.storage.k8s.io', version: 'v1' } as const;
const apiVersion = 'snapshot.storage.k8s.io/v1';

/** What this group's own annotations and labels begin with. */
export const SNAPSHOT_PREFIX = 'snapshot.storage.kubernetes.io/';
/** On the class that is meant where none is named. */
export const DEFAULT_SNAPSHOT_CLASS_ANNOTATION = `${SNAPSHOT_PREFIX}is-default-class`;

const quantity = z.union([z.string(), z.number()]).transform(String);

const volumeSnapshotSchema = objectSchema({ apiVersion, kind: 'VolumeSnapshot' }, namespacedMetadata, {
  status: z
    .object({
      readyToUse: z.boolean().optional(),
      boundVolumeSnapshotContentName: z.string().optional(),
      creationTime: z.string().optional(),
      restoreSize: quantity.optional(),
      error: z.object({ message: z.string().optional() }).optional(),
    })
    .optional(),
});
export type VolumeSnapshot = z.infer<typeof volumeSnapshotSchema>;
export const volumeSnapshots = defineKind({
  ...API,
  plural: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
  schema: volumeSnapshotSchema,
});

const volumeSnapshotContentSchema = objectSchema({ apiVersion, kind: 'VolumeSnapshotContent' }, clusterMetadata, {
  spec: z.object({
    driver: z.string(),
    deletionPolicy: z.string(),
    volumeSnapshotClassName: z.string().optional(),
    sourceVolumeMode: z.string().optional(),
    volumeSnapshotRef: z.object({
      name: z.string().optional(),
      namespace: z.string().optional(),
      uid: z.string().optional(),
    }),
  }),
  status: z.object({ snapshotHandle: z.string().optional() }).optional(),
});
export type VolumeSnapshotContent = z.infer<typeof volumeSnapshotContentSchema>;
export const volumeSnapshotContents = defineKind({
  ...API,
  plural: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  namespaced: false,
  schema: volumeSnapshotContentSchema,
});

const volumeSnapshotClassSchema = objectSchema({ apiVersion, kind: 'VolumeSnapshotClass' }, clusterMetadata, {
  driver: z.string(),
});
export type VolumeSnapshotClass = z.infer<typeof volumeSnapshotClassSchema>;
export const volumeSnapshotClasses = defineKind({
  ...API,
  plural: 'volumesnapshotclasses',
  kind: 'VolumeSnapshotClass',
  namespaced: false,
  schema: volumeSnapshotClassSchema,
});
