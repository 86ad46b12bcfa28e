import { isObject, type Json, type JsonObject, textOf } from './json.ts';

type Path = readonly string[];

/** The fields that a manager has set, by the names of their paths. */
export type FieldSet = ReadonlyMap<string, Path>;

/** Lists that are merged by a key of their elements; every other list is one value. */
const listKeys: Readonly<Record<string, string>> = { ownerReferences: 'uid', conditions: 'type' };

/** Turns keyed lists into objects, so that what remains is a merge of plain objects. */
function withoutLists(object: JsonObject): JsonObject {
  const fields = Object.entries(object).map(([field, value]): [string, Json] => {
    const key = listKeys[field];
    if (key === undefined || !Array.isArray(value)) return [field, isObject(value) ? withoutLists(value) : value];
    const elements = value.filter(isObject);
    return [field, Object.fromEntries(elements.map((element) => [textOf(element[key]), withoutLists(element)]))];
  });
  return Object.fromEntries(fields);
}

function withLists(object: JsonObject): JsonObject {
  const fields = Object.entries(object).map(([field, value]): [string, Json] => {
    if (!isObject(value)) return [field, value];
    const inner = withLists(value);
    return [field, field in listKeys ? Object.values(inner) : inner];
  });
  return Object.fromEntries(fields);
}

/** The paths of all fields, by their names. */
function pathsOf(object: JsonObject): Map<string, Path> {
  const paths = new Map<string, Path>();
  const add = (inner: JsonObject, parent: Path, parentName: string): void => {
    for (const [field, value] of Object.entries(inner)) {
      const path = [...parent, field];
      const name = `${parentName}\n${field}`;
      paths.set(name, path);
      if (isObject(value)) add(value, path, name);
    }
  };
  add(object, [], '');
  return paths;
}

function merge(target: JsonObject, source: JsonObject): void {
  for (const [field, value] of Object.entries(source)) {
    const before = target[field];
    if (isObject(value) && isObject(before)) merge(before, value);
    else target[field] = value;
  }
}

/** Takes a field away; one that others have put something into stays. */
function remove(target: JsonObject, [field, ...rest]: Path): void {
  if (field === undefined) return;
  const value = target[field];
  if (rest.length > 0) {
    if (isObject(value)) remove(value, rest);
  } else if (!isObject(value) || Object.keys(value).length === 0) {
    Reflect.deleteProperty(target, field);
  }
}

export interface Applied {
  readonly object: JsonObject;
  /** What the manager owns from now on. */
  readonly fields: FieldSet;
}

/**
 * What becomes of an object by a forced server-side apply: the fields given are set, and those that the same manager had
 * set before and does not give now are gone, unless another manager has set them too.
 */
export function applied(live: JsonObject, given: JsonObject, before: FieldSet, others: readonly FieldSet[]): Applied {
  const source = withoutLists(given);
  const target = withoutLists(live);
  const fields = pathsOf(source);
  const dropped = [...before.entries()]
    .filter(([name]) => !fields.has(name) && !others.some((other) => other.has(name)))
    .map(([, path]) => path);
  for (const path of dropped.toSorted((a, b) => b.length - a.length)) remove(target, path);
  merge(target, source);
  return { object: withLists(target), fields };
}
