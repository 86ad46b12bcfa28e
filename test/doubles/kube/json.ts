export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [field: string]: Json;
}

/** A copy of an object as it looks after a journey over the wire: absent fields are gone. */
export function toJson(value: object): JsonObject {
  const copy: JsonObject = {};
  for (const [field, inner] of Object.entries(value)) {
    const json = jsonOf(inner);
    if (json !== undefined) copy[field] = json;
  }
  return copy;
}

function jsonOf(value: unknown): Json | undefined {
  switch (typeof value) {
    case 'undefined':
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? value.map((inner) => jsonOf(inner) ?? null) : toJson(value);
    default:
      throw new TypeError(`no JSON: ${typeof value}`);
  }
}

/** A copy of its own, all the way down. */
export function copyOf(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const [field, value] of Object.entries(object)) copy[field] = copyOfValue(value);
  return copy;
}

function copyOfValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyOfValue);
  return isObject(value) ? copyOf(value) : value;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object in a field; an empty one, which is put there, if there is none. */
export function childOf(parent: JsonObject, field: string): JsonObject {
  const child = parent[field];
  if (isObject(child)) return child;
  const made: JsonObject = {};
  parent[field] = made;
  return made;
}

/** RFC 7386. */
export function mergePatched(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, field);
    else merged[field] = mergePatched(merged[field], value);
  }
  return merged;
}

/** The string in a field; an empty one if there is none. */
export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
