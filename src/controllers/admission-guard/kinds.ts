import { z } from 'zod';
import { floorRules } from '../../api/floor.ts';
import { clusterMetadata, defineKind, objectSchema } from '../../kube/model/object-schema.ts';

const API = { group: 'admissionregistration.k8s.io', version: 'v1' } as const;
const apiVersion = `${API.group}/${API.version}`;

const selector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
    .optional(),
});

const names = z.array(z.string()).optional();
const rules = z.array(z.object({ apiGroups: names, apiVersions: names, operations: names, resources: names }));
const matching = { objectSelector: selector.optional(), namespaceSelector: selector.optional() };

export const validatingAdmissionPolicies = defineKind({
  ...API,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
  namespaced: false,
  schema: objectSchema({ apiVersion, kind: 'ValidatingAdmissionPolicy' }, clusterMetadata, {
    spec: floorRules.extend({
      failurePolicy: z.string().optional(),
      paramKind: z.unknown().optional(),
      matchConstraints: z
        .object({ ...matching, resourceRules: rules.optional(), excludeResourceRules: rules.optional() })
        .optional(),
    }),
  }),
});

export const validatingAdmissionPolicyBindings = defineKind({
  ...API,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
  namespaced: false,
  schema: objectSchema({ apiVersion, kind: 'ValidatingAdmissionPolicyBinding' }, clusterMetadata, {
    spec: z.object({
      policyName: z.string().optional(),
      validationActions: names,
      matchResources: z.unknown().optional(),
    }),
  }),
});

/** Configurations as the guard reads them; the certificates' upkeep reads other fields. */
export const guardedWebhookConfigurations = defineKind({
  ...API,
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
  schema: objectSchema({ apiVersion, kind: 'MutatingWebhookConfiguration' }, clusterMetadata, {
    webhooks: z
      .array(
        z.object({
          name: z.string(),
          ...matching,
          rules: rules.optional(),
          matchConditions: z.array(z.unknown()).optional(),
        }),
      )
      .nullish(),
  }),
});
