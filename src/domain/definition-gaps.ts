/** The part of a structural schema that decides what the API server keeps of an object. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>> | undefined;
  readonly items?: FieldSchema | undefined;
  readonly additionalProperties?: boolean | FieldSchema | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
}

/** A kind's definition: as this program needs it, and as the API server has it, if it has one. */
export interface DefinitionPair {
  /** Of the CustomResourceDefinition. */
  readonly name: string;
  readonly wanted: FieldSchema;
  readonly found: FieldSchema | undefined;
}

/** As many fields are named of each kind. */
const NAMED_FIELDS = 3;

/**
 * What is wrong with the definitions that the API server has; undefined where it keeps every field that this program writes. One that
 * knows more fields, as after a step back to an earlier release, is good.
 */
export function definitionProblem(definitions: readonly DefinitionPair[]): string | undefined {
  const gaps = definitions.flatMap(gapOf);
  return gaps.length === 0 ? undefined : gaps.join('; ');
}

function gapOf({ name, wanted, found }: DefinitionPair): readonly string[] {
  if (found === undefined) return [`${name} is missing`];
  const missing = missingFields(wanted, found);
  const others = missing.length - NAMED_FIELDS;
  const named = missing.slice(0, NAMED_FIELDS).join(', ');
  return missing.length === 0 ? [] : [`${name} lacks ${named}${others > 0 ? ` and ${others} more` : ''}`];
}

/** The fields of one schema that another would drop, and the values that it would refuse. */
function missingFields(wanted: FieldSchema, found: FieldSchema, path: readonly string[] = []): readonly string[] {
  if (found['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const fields = Object.entries(wanted.properties ?? {}).flatMap(([name, field]) => {
    const at = [...path, name];
    const known = found.properties?.[name];
    return known === undefined ? [at.join('.')] : missingFields(field, known, at);
  });
  return [...fields, ...missingItems(wanted, found, path), ...missingValues(wanted, found, path)];
}

function missingItems(wanted: FieldSchema, found: FieldSchema, path: readonly string[]): readonly string[] {
  const { items, additionalProperties: others } = wanted;
  const ofItems = items === undefined ? [] : missingFields(items, found.items ?? {}, path);
  if (typeof others !== 'object' || found.additionalProperties === true) return ofItems;
  const known = typeof found.additionalProperties === 'object' ? found.additionalProperties : {};
  return [...ofItems, ...missingFields(others, known, path)];
}

function missingValues(wanted: FieldSchema, found: FieldSchema, path: readonly string[]): readonly string[] {
  if (found.enum === undefined) return [];
  const known = new Set(found.enum);
  return (wanted.enum ?? []).filter((value) => !known.has(value)).map((value) => `${path.join('.')} ${String(value)}`);
}
