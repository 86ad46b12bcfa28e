import { z } from 'zod';
import { objectMetadata } from '../../kube/model/crd-schema.ts';
import type { ResourceKind } from '../../kube/model/kind.ts';

const moverStatus = z.object({ result: z.string().optional(), logs: z.string().optional() });

const engineConditions = z.array(
  z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
);

const replicationSource = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: z.record(z.string(), z.json()),
  status: z
    .object({
      lastSyncTime: z.string().nullish(),
      /** Set while a backup is under way (internal/controller/statemachine, v0.14). */
      lastSyncStartTime: z.string().nullish(),
      /** How long the last backup took, as Go writes durations: `1m2.5s`. */
      lastSyncDuration: z.string().nullish(),
      nextSyncTime: z.string().nullish(),
      lastManualSync: z.string().optional(),
      latestMoverStatus: moverStatus.nullish(),
      conditions: engineConditions.optional(),
    })
    .optional(),
});

const replicationDestination = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: z.record(z.string(), z.json()),
  status: z
    .object({
      lastSyncTime: z.string().nullish(),
      lastManualSync: z.string().optional(),
      latestMoverStatus: moverStatus.nullish(),
      conditions: engineConditions.optional(),
    })
    .optional(),
});

export type ReplicationSource = z.infer<typeof replicationSource>;
export type ReplicationDestination = z.infer<typeof replicationDestination>;

const GROUP = 'volsync.backube';
const VERSION = 'v1alpha1';

/** VolSync's backup object (api/v1alpha1/replicationsource_types.go, v0.14). */
export const replicationSources: ResourceKind<ReplicationSource> = {
  group: GROUP,
  version: VERSION,
  plural: 'replicationsources',
  kind: 'ReplicationSource',
  namespaced: true,
  parse: (value) => replicationSource.parse(value),
};

/** VolSync's restore object (api/v1alpha1/replicationdestination_types.go, v0.14). */
export const replicationDestinations: ResourceKind<ReplicationDestination> = {
  group: GROUP,
  version: VERSION,
  plural: 'replicationdestinations',
  kind: 'ReplicationDestination',
  namespaced: true,
  parse: (value) => replicationDestination.parse(value),
};
