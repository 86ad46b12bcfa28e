import { z } from 'zod';
import type { KubeObject, ResourceKind } from './kind.ts';

export const ownerReferenceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});

/** Metadata of a cluster-scoped object that the API server stores. */
export const clusterMetadata = z.object({
  name: z.string(),
  uid: z.string(),
  /** Empty in the answer to a dry run, which stores nothing. */
  resourceVersion: z.string().default(''),
  creationTimestamp: z.string(),
  generation: z.number().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(ownerReferenceSchema).optional(),
  finalizers: z.array(z.string()).optional(),
});

/** Metadata of a namespaced object that the API server stores. */
export const namespacedMetadata = clusterMetadata.extend({ namespace: z.string() });

/** A condition as most built-in kinds have it. */
export const builtInCondition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().nullish(),
});

/** A kind's schema for the object around its own fields. Fields that are not named are dropped: slim stores. */
export function objectSchema<K extends string, M extends z.ZodType, F extends z.ZodRawShape>(
  names: { readonly apiVersion: string; readonly kind: K },
  metadata: M,
  fields: F,
) {
  return z.object({ apiVersion: z.literal(names.apiVersion), kind: z.literal(names.kind), metadata, ...fields });
}

/** A ResourceKind that checks objects by a zod schema. */
export function defineKind<T extends KubeObject>(
  kind: Omit<ResourceKind<T>, 'parse'> & { readonly schema: z.ZodType<T> },
): ResourceKind<T> {
  const { schema, ...rest } = kind;
  return { ...rest, parse: (value) => schema.parse(value) };
}
