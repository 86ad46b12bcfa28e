import { z } from 'zod';
import { API_GROUP, API_VERSION } from './group.ts';
import type { KindDefinition } from './kinds.ts';

type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const schemaNode = z.record(z.string(), z.json());

/** Bounds that zod writes for every whole number; the API server has its own. */
const isImpliedBound = (key: string, value: JsonValue): boolean =>
  (key === 'minimum' && value === Number.MIN_SAFE_INTEGER) || (key === 'maximum' && value === Number.MAX_SAFE_INTEGER);

/** Turns what zod writes into a structural schema: only the words that Kubernetes knows. */
function toStructural(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(toStructural);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .filter(([key, child]) => key !== '$schema' && key !== 'propertyNames' && !isImpliedBound(key, child))
    .map(([key, child]): [string, JsonValue] => [key, toStructural(child)]);
  return Object.fromEntries(entries);
}

function structuralSchema(schema: z.ZodType): JsonValue {
  const json: unknown = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'throw' });
  return toStructural(schemaNode.parse(JSON.parse(JSON.stringify(json))));
}

/**
 * Generates the CustomResourceDefinition of a kind, as plain data.
 *
 * @throws when a schema has a part that a structural schema cannot express.
 */
export function customResourceDefinition(definition: KindDefinition): JsonValue {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${definition.plural}.${API_GROUP}`,
      labels: { 'app.kubernetes.io/name': 'rebound', 'app.kubernetes.io/component': 'crds' },
    },
    spec: {
      group: API_GROUP,
      scope: definition.scope,
      names: {
        kind: definition.kind,
        listKind: `${definition.kind}List`,
        plural: definition.plural,
        singular: definition.singular,
        shortNames: [...definition.shortNames],
        categories: ['rebound'],
      },
      versions: [versionOf(definition)],
    },
  };
}

function versionOf(definition: KindDefinition): JsonValue {
  return {
    name: API_VERSION,
    served: true,
    storage: true,
    ...(definition.status === undefined ? {} : { subresources: { status: {} } }),
    additionalPrinterColumns: definition.columns.map((column) => ({
      name: column.name,
      type: column.type,
      jsonPath: column.jsonPath,
      description: column.description,
      priority: column.priority ?? 0,
    })),
    schema: {
      openAPIV3Schema: {
        type: 'object',
        description: definition.description,
        required: ['spec'],
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: { type: 'object' },
          spec: structuralSchema(definition.spec),
          ...(definition.status === undefined ? {} : { status: structuralSchema(definition.status) }),
        },
        ...(definition.onlyName === undefined ? {} : onlyNamed(definition.onlyName)),
      },
    },
  };
}

const onlyNamed = (name: string): { readonly [key: string]: JsonValue } => ({
  'x-kubernetes-validations': [
    { rule: `self.metadata.name == '${name}'`, message: `there is only one, and its name is ${name}` },
  ],
});
