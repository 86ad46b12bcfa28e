import { z } from 'zod';

import { defineKind, namespacedMetadata, objectSchema } from '../../../src/kube/model/object-schema.ts';

/** Kinds that only tests look at, with the fields that they look at. */

export const deployments = defineKind({
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  schema: objectSchema({ apiVersion: 'apps/v1', kind: 'Deployment' }, namespacedMetadata, {
    spec: z.object({ replicas: z.number().optional() }),
    status: z
      .object({
        observedGeneration: z.number().optional(),
        replicas: z.number().optional(),
        updatedReplicas: z.number().optional(),
        availableReplicas: z.number().optional(),
      })
      .optional(),
  }),
});

export const statefulSets = defineKind({
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
  schema: objectSchema({ apiVersion: 'apps/v1', kind: 'StatefulSet' }, namespacedMetadata, {
    spec: z.object({ replicas: z.number().optional() }),
    status: z.object({ readyReplicas: z.number().optional() }).optional(),
  }),
});

export const resourceQuotas = defineKind({
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
  schema: objectSchema({ apiVersion: 'v1', kind: 'ResourceQuota' }, namespacedMetadata, {
    spec: z.object({ hard: z.record(z.string(), z.string()).optional() }),
  }),
});

export const limitRanges = defineKind({
  group: '',
  version: 'v1',
  plural: 'limitranges',
  kind: 'LimitRange',
  namespaced: true,
  schema: objectSchema({ apiVersion: 'v1', kind: 'LimitRange' }, namespacedMetadata, {
    spec: z.object({ limits: z.array(z.record(z.string(), z.unknown())) }),
  }),
});
