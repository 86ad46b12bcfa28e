import { z } from 'zod';
import { ownerReferenceSchema } from './object-schema.ts';

/** Reads the metadata fields that Rebound uses. Times are RFC 3339 strings. */
export const objectMetadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z.array(ownerReferenceSchema).optional(),
});

/** The standard condition of Kubernetes APIs (metav1.Condition). */
const condition = z.object({
  type: z.string().describe('Ready, Reconciling or Stalled, and conditions special to the kind.'),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().describe('One word in CamelCase, for programs.'),
  message: z.string().describe('A sentence for people: what happened, what it means for the data, what to do next.'),
  observedGeneration: z.int().optional().describe('The generation of the spec that the condition speaks of.'),
  lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When the status last changed.'),
});

export type Condition = z.infer<typeof condition>;

/** A list of conditions, merged by type when several writers apply it. */
export const conditions = z
  .array(condition)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });

/** A point in time, RFC 3339. */
export const timestamp = (description: string) => z.string().meta({ format: 'date-time', description });
