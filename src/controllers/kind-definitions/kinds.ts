import { z } from 'zod';
import type { FieldSchema } from '../../domain/definition-gaps.ts';
import { clusterMetadata, defineKind, objectSchema } from '../../kube/model/object-schema.ts';

const API = { group: 'apiextensions.k8s.io', version: 'v1' } as const;

const fieldSchema: z.ZodType<FieldSchema> = z.lazy(() =>
  z.object({
    properties: z.record(z.string(), fieldSchema).optional(),
    items: fieldSchema.optional(),
    additionalProperties: z.union([z.boolean(), fieldSchema]).optional(),
    enum: z.array(z.unknown()).optional(),
    'x-kubernetes-preserve-unknown-fields': z.boolean().optional(),
  }),
);

/** The part of a CustomResourceDefinition's spec that says which fields are kept, for each version. */
export const definitionSpec = z.object({
  versions: z.array(
    z.object({
      name: z.string(),
      schema: z.object({ openAPIV3Schema: fieldSchema.optional() }).optional(),
    }),
  ),
});

export const customResourceDefinitions = defineKind({
  ...API,
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  schema: objectSchema(
    { apiVersion: `${API.group}/${API.version}`, kind: 'CustomResourceDefinition' },
    clusterMetadata,
    {
      spec: definitionSpec,
    },
  ),
});
