import { z } from 'zod';

export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [field: string]: Json;
}

// What JSON.parse returns is JSON: nothing is left to check.
const trusted = z.custom<JsonObject>();

/** A copy of an object as it looks after a journey over the wire: absent fields are gone. */
export const toJson = (value: object): JsonObject => trusted.parse(JSON.parse(JSON.stringify(value)));

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
