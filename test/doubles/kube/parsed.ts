import type { KubeObject, ResourceKind } from '../../../src/kube/model/kind.ts';
import type { JsonObject } from './json.ts';

/** Every version of an object is another one, and is parsed once. */
const known = new WeakMap<ResourceKind, WeakMap<JsonObject, KubeObject>>();

/** An object as a client reads it. It is shared by all who read this version, and frozen: whoever writes into it fails. */
export function parsed<T extends KubeObject>(kind: ResourceKind<T>, object: JsonObject): T;
export function parsed(kind: ResourceKind, object: JsonObject): KubeObject {
  const ofKind = known.get(kind) ?? new WeakMap<JsonObject, KubeObject>();
  known.set(kind, ofKind);
  const before = ofKind.get(object);
  if (before !== undefined) return before;
  const made = kind.parse(object);
  freeze(made);
  ofKind.set(object, made);
  return made;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}
