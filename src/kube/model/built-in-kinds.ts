import { z } from 'zod';
import { builtInCondition, clusterMetadata, defineKind, namespacedMetadata, objectSchema } from './object-schema.ts';

/**
 * The built-in kinds that the program reads, with the fields it needs. Field meanings are those of the Kubernetes API
 * reference; times are RFC 3339 strings, quantities are strings as written (`1Gi`).
 */

const stringMap = z.record(z.string(), z.string());

const objectReference = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
});

const dataSource = z.object({
  // Null for kinds of the core group, such as another claim.
  apiGroup: z
    .string()
    .nullable()
    .transform((group) => group ?? undefined)
    .optional(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});

const labelSelector = z.object({
  matchLabels: stringMap.optional(),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
    .optional(),
});

const persistentVolumeClaimSpec = z.object({
  accessModes: z.array(z.string()).optional(),
  storageClassName: z.string().optional(),
  volumeMode: z.string().optional(),
  volumeAttributesClassName: z.string().optional(),
  volumeName: z.string().optional(),
  resources: z.object({ requests: stringMap.optional(), limits: stringMap.optional() }).optional(),
  selector: labelSelector.optional(),
  dataSource: dataSource.optional(),
  dataSourceRef: dataSource.optional(),
});

const persistentVolumeClaimSchema = objectSchema(
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  namespacedMetadata,
  {
    spec: persistentVolumeClaimSpec,
    status: z
      .object({
        phase: z.string().optional(),
        capacity: stringMap.optional(),
        accessModes: z.array(z.string()).optional(),
      })
      .optional(),
  },
);
export type PersistentVolumeClaim = z.infer<typeof persistentVolumeClaimSchema>;
export const persistentVolumeClaims = defineKind({
  group: '',
  version: 'v1',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  namespaced: true,
  schema: persistentVolumeClaimSchema,
});

const persistentVolumeSchema = objectSchema({ apiVersion: 'v1', kind: 'PersistentVolume' }, clusterMetadata, {
  spec: z.object({
    capacity: stringMap.optional(),
    accessModes: z.array(z.string()).optional(),
    storageClassName: z.string().optional(),
    volumeMode: z.string().optional(),
    persistentVolumeReclaimPolicy: z.string().optional(),
    claimRef: objectReference.optional(),
    csi: z.object({ driver: z.string(), volumeHandle: z.string() }).optional(),
    /** Of `required` nothing is read: it is only handed on. */
    nodeAffinity: z.object({ required: z.record(z.string(), z.unknown()).optional() }).optional(),
  }),
  status: z.object({ phase: z.string().optional(), message: z.string().optional() }).optional(),
});
export type PersistentVolume = z.infer<typeof persistentVolumeSchema>;
export const persistentVolumes = defineKind({
  group: '',
  version: 'v1',
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
  schema: persistentVolumeSchema,
});

const podSecurityContext = z.object({
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  runAsNonRoot: z.boolean().optional(),
  fsGroup: z.number().optional(),
  supplementalGroups: z.array(z.number()).optional(),
});

const container = z.object({
  name: z.string(),
  image: z.string().optional(),
  imagePullPolicy: z.string().optional(),
  securityContext: podSecurityContext.pick({ runAsUser: true, runAsGroup: true, runAsNonRoot: true }).optional(),
  resources: z.object({ limits: stringMap.optional() }).optional(),
  volumeMounts: z
    .array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }))
    .optional(),
});

const exitedState = z.object({
  exitCode: z.number(),
  reason: z.string().optional(),
  message: z.string().optional(),
  finishedAt: z.string().nullish(),
});

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  restartCount: z.number(),
  state: z
    .object({
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      running: z.object({ startedAt: z.string().nullish() }).optional(),
      terminated: exitedState.optional(),
    })
    .optional(),
  lastState: z.object({ terminated: exitedState.optional() }).optional(),
});

const podSchema = objectSchema({ apiVersion: 'v1', kind: 'Pod' }, namespacedMetadata, {
  spec: z.object({
    nodeName: z.string().optional(),
    serviceAccountName: z.string().optional(),
    securityContext: podSecurityContext.optional(),
    // Only handed on.
    nodeSelector: stringMap.optional(),
    affinity: z.record(z.string(), z.unknown()).optional(),
    tolerations: z.array(z.record(z.string(), z.unknown())).optional(),
    volumes: z
      .array(
        z.object({
          name: z.string(),
          persistentVolumeClaim: z.object({ claimName: z.string(), readOnly: z.boolean().optional() }).optional(),
        }),
      )
      .optional(),
    initContainers: z.array(container.extend({ restartPolicy: z.string().optional() })).optional(),
    containers: z.array(container),
  }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      podIP: z.string().optional(),
      startTime: z.string().optional(),
      conditions: z.array(builtInCondition).optional(),
      initContainerStatuses: z.array(containerStatus).optional(),
      containerStatuses: z.array(containerStatus).optional(),
    })
    .optional(),
});
export type Pod = z.infer<typeof podSchema>;
export const pods = defineKind({
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
  schema: podSchema,
});

const nodeSchema = objectSchema({ apiVersion: 'v1', kind: 'Node' }, clusterMetadata, {});
export const nodes = defineKind({
  group: '',
  version: 'v1',
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
  schema: nodeSchema,
});

const secretSchema = objectSchema({ apiVersion: 'v1', kind: 'Secret' }, namespacedMetadata, {
  type: z.string().optional(),
  /** Values are base64. */
  data: stringMap.optional(),
  immutable: z.boolean().optional(),
});
export type Secret = z.infer<typeof secretSchema>;
export const secrets = defineKind({
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  namespaced: true,
  schema: secretSchema,
});

const configMapSchema = objectSchema({ apiVersion: 'v1', kind: 'ConfigMap' }, namespacedMetadata, {
  data: stringMap.optional(),
  binaryData: stringMap.optional(),
});
export type ConfigMap = z.infer<typeof configMapSchema>;
export const configMaps = defineKind({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  schema: configMapSchema,
});

const namespaceSchema = objectSchema({ apiVersion: 'v1', kind: 'Namespace' }, clusterMetadata, {
  status: z.object({ phase: z.string().optional() }).optional(),
});
export const namespaces = defineKind({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  schema: namespaceSchema,
});

const eventSchema = objectSchema({ apiVersion: 'v1', kind: 'Event' }, namespacedMetadata, {
  involvedObject: objectReference,
  type: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  count: z.number().optional(),
  firstTimestamp: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  source: z.object({ component: z.string().optional() }).optional(),
  reportingComponent: z.string().optional(),
});
export type Event = z.infer<typeof eventSchema>;
export const events = defineKind({
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
  schema: eventSchema,
});

const leaseSchema = objectSchema({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, namespacedMetadata, {
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      /** MicroTime: RFC 3339 with six digits of fraction. */
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .optional(),
});
export type Lease = z.infer<typeof leaseSchema>;
export const leases = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
  schema: leaseSchema,
});

const storageClassSchema = objectSchema({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' }, clusterMetadata, {
  provisioner: z.string(),
  volumeBindingMode: z.string().optional(),
  reclaimPolicy: z.string().optional(),
  allowVolumeExpansion: z.boolean().optional(),
  parameters: stringMap.optional(),
});
/** The provisioner of classes whose volumes an administrator makes (kubernetes/component-helpers, storage/volume). */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';
export type StorageClass = z.infer<typeof storageClassSchema>;
export const storageClasses = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
  schema: storageClassSchema,
});

const csiDriverSchema = objectSchema({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver' }, clusterMetadata, {
  spec: z.object({ attachRequired: z.boolean().optional(), fsGroupPolicy: z.string().optional() }).optional(),
});
export type CSIDriver = z.infer<typeof csiDriverSchema>;
export const csiDrivers = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csidrivers',
  kind: 'CSIDriver',
  namespaced: false,
  schema: csiDriverSchema,
});

const jobSchema = objectSchema({ apiVersion: 'batch/v1', kind: 'Job' }, namespacedMetadata, {
  spec: z.object({
    backoffLimit: z.number().optional(),
    suspend: z.boolean().optional(),
    template: z
      .object({
        spec: z.object({
          initContainers: z.array(z.object({ name: z.string(), args: z.array(z.string()).optional() })).optional(),
        }),
      })
      .optional(),
  }),
  status: z
    .object({
      active: z.number().optional(),
      succeeded: z.number().optional(),
      failed: z.number().optional(),
      startTime: z.string().optional(),
      completionTime: z.string().optional(),
      conditions: z.array(builtInCondition).optional(),
    })
    .optional(),
});
export type Job = z.infer<typeof jobSchema>;
export const jobs = defineKind({
  group: 'batch',
  version: 'v1',
  plural: 'jobs',
  kind: 'Job',
  namespaced: true,
  schema: jobSchema,
});
