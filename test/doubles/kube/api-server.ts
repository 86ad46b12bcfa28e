import { isDeepStrictEqual } from 'node:util';
import { API_GROUP } from '../../../src/api/group.ts';
import { KubeError } from '../../../src/kube/client/errors.ts';
import {
  apiVersionOf,
  type KubeObject,
  objectKey,
  type ObjectRef,
  type ResourceKind,
} from '../../../src/kube/model/kind.ts';
import { childOf, copyOf, isObject, type Json, type JsonObject, mergePatched, textOf, toJson } from './json.ts';
import { parsed } from './parsed.ts';
import { applied, type FieldSet } from './server-side-apply.ts';

/** One change of one object; without the object, its end. */
export interface Revision {
  readonly key: string;
  readonly object: JsonObject | undefined;
}

interface Entry {
  readonly object: JsonObject;
  /** By manager and subresource. */
  readonly managers: ReadonlyMap<string, FieldSet>;
}

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

type Subresource = 'status' | undefined;

/** Put on every claim; taken off once no pod uses it. */
export const PVC_PROTECTION = 'kubernetes.io/pvc-protection';
const nothing: FieldSet = new Map();

const resources = new WeakMap<ResourceKind, string>();

/** The kind's name in all API groups. */
export function resourceOf(kind: ResourceKind): string {
  const known = resources.get(kind) ?? `${kind.plural}.${kind.group}`;
  resources.set(kind, known);
  return known;
}

/**
 * An API server in memory, as faithful as the reconcilers can tell: resource versions, uids, generations, finalizers,
 * preconditions, the status subresource, server-side apply, strict fields of Rebound's kinds, and the history of every
 * change, which watches are made of. Nothing is validated beyond that, and nobody is refused.
 */
export class ApiServer {
  readonly #now: () => number;
  readonly #name: string;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #history = new Map<string, Revision[]>();
  readonly #uids = new Set<string>();
  #revision = 0;
  #objectsMade = 0;

  /** @param name makes the uids of its objects others than those of another server. */
  constructor(now: () => number, name = 'uid') {
    this.#now = now;
    this.#name = name;
  }

  get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef): T | undefined {
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    return entry === undefined ? undefined : parsed(kind, entry.object);
  }

  list<T extends KubeObject>(kind: ResourceKind<T>): T[] {
    return [...this.#entriesOf(kind).values()].map((entry) => parsed(kind, entry.object));
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether an object with this uid exists. */
  isAlive(uid: string): boolean {
    return this.#uids.has(uid);
  }

  /** Changes of a kind's objects since the beginning. */
  historyOf(kind: ResourceKind): readonly Revision[] {
    return this.#historyOf(kind);
  }

  create<T extends KubeObject>(kind: ResourceKind<T>, object: object): T {
    return parsed(kind, this.#make(kind, toJson(object), new Map()));
  }

  apply<T extends KubeObject>(kind: ResourceKind<T>, object: object, manager: string, subresource?: Subresource): T {
    const given = toJson(object);
    const { name, namespace, uid, resourceVersion, ...metadata } = childOf(given, 'metadata');
    const ref = { name: textOf(name), namespace: typeof namespace === 'string' ? namespace : undefined };
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    this.#check(kind, ref, entry, { uid, resourceVersion });
    const owned = subresource === undefined ? { ...given, metadata } : { status: given['status'] ?? {} };
    if (entry === undefined) {
      if (subresource !== undefined) throw failure(kind, ref, 404, 'NotFound');
      const { fields } = applied({}, owned, nothing, []);
      return parsed(kind, this.#make(kind, given, new Map([[manager, fields]])));
    }
    const managerName = `${manager}/${subresource ?? ''}`;
    const others = [...entry.managers].filter(([other]) => other !== managerName).map(([, fields]) => fields);
    const result = applied(entry.object, owned, entry.managers.get(managerName) ?? nothing, others);
    const managers = new Map(entry.managers).set(managerName, result.fields);
    return parsed(kind, this.#replace(kind, ref, result.object, { subresource, managers }));
  }

  mergePatch<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, patch: object): T {
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    if (entry === undefined) throw failure(kind, ref, 404, 'NotFound');
    const given = toJson(patch);
    const { uid, resourceVersion } = isObject(given['metadata']) ? given['metadata'] : {};
    this.#check(kind, ref, entry, { uid, resourceVersion });
    const merged = mergePatched(entry.object, given);
    const patched = parsed(
      kind,
      this.#replace(kind, ref, isObject(merged) ? merged : {}, { managers: entry.managers }),
    );
    this.#removeIfDue(kind, ref);
    return patched;
  }

  /** A change by another program: of any field, status and all. */
  change(kind: ResourceKind, ref: ObjectRef, edit: (object: JsonObject) => void): void {
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    if (entry === undefined) throw failure(kind, ref, 404, 'NotFound');
    const object = copyOf(entry.object);
    edit(object);
    this.#replace(kind, ref, object, { managers: entry.managers, subresource: 'all' });
    this.#removeIfDue(kind, ref);
  }

  /** False if there is no such object. One with finalizers stays until they are gone. */
  delete(kind: ResourceKind, ref: ObjectRef, preconditions: Preconditions = {}): boolean {
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    if (entry === undefined) return false;
    this.#check(kind, ref, entry, preconditions);
    const metadata = childOf(copyOf(entry.object), 'metadata');
    if (metadata['deletionTimestamp'] !== undefined) return true;
    const object = { ...entry.object, metadata: { ...metadata, deletionTimestamp: this.#time() } };
    if (Array.isArray(metadata['finalizers']) && metadata['finalizers'].length > 0) {
      this.#replace(kind, ref, object, { managers: entry.managers, subresource: 'all' });
    } else {
      this.#remove(kind, ref);
    }
    return true;
  }

  #entriesOf(kind: ResourceKind): Map<string, Entry> {
    const known = this.#entries.get(resourceOf(kind));
    if (known !== undefined) return known;
    const made = new Map<string, Entry>();
    this.#entries.set(resourceOf(kind), made);
    return made;
  }

  #time(): string {
    return `${new Date(this.#now()).toISOString().slice(0, 19)}Z`;
  }

  #check(
    kind: ResourceKind,
    ref: ObjectRef,
    entry: Entry | undefined,
    demanded: { readonly uid?: Json | undefined; readonly resourceVersion?: Json | undefined },
  ): void {
    const { uid, resourceVersion } = entry === undefined ? {} : childOf({ ...entry.object }, 'metadata');
    const isOther = demanded.uid !== undefined && demanded.uid !== uid;
    const isChanged = demanded.resourceVersion !== undefined && demanded.resourceVersion !== resourceVersion;
    if (isOther || isChanged) throw failure(kind, ref, 409, 'Conflict');
  }

  #make(kind: ResourceKind, given: JsonObject, managers: ReadonlyMap<string, FieldSet>): JsonObject {
    const { status: _dropped, stringData, ...rest } = given;
    const metadata = childOf(rest, 'metadata');
    const ref = { name: textOf(metadata['name']), namespace: namespaceOf(metadata) };
    if (this.#entriesOf(kind).has(objectKey(ref))) throw failure(kind, ref, 409, 'AlreadyExists');
    this.#objectsMade += 1;
    const uid = `${this.#name}-${this.#objectsMade}`;
    this.#uids.add(uid);
    const object: JsonObject = {
      ...rest,
      ...(isObject(stringData) ? { data: encoded(stringData) } : {}),
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: {
        ...metadata,
        uid,
        creationTimestamp: this.#time(),
        ...(kind.kind === 'PersistentVolumeClaim' ? { finalizers: withProtection(metadata['finalizers']) } : {}),
      },
      ...(kind.kind === 'PersistentVolumeClaim' ? { status: { phase: 'Pending' } } : {}),
    };
    return this.#store(kind, ref, { object, managers, generation: 1 });
  }

  #replace(
    kind: ResourceKind,
    ref: ObjectRef,
    wanted: JsonObject,
    how: { readonly managers: Entry['managers']; readonly subresource?: Subresource | 'all' },
  ): JsonObject {
    const before = this.#entriesOf(kind).get(objectKey(ref))?.object ?? {};
    const { status: wantedStatus, stringData, ...wantedRest } = wanted;
    const { status: statusBefore, ...restBefore } = before;
    const rest = how.subresource === 'status' ? restBefore : wantedRest;
    const status = how.subresource === undefined ? statusBefore : wantedStatus;
    const object: JsonObject = {
      ...rest,
      ...(isObject(stringData) ? { data: encoded(stringData) } : {}),
      ...(status === undefined ? {} : { status }),
    };
    if (isDeepStrictEqual(object, before)) return before;
    const generation = Number(childOf({ ...before }, 'metadata')['generation'] ?? 1);
    const isNewSpec = !isDeepStrictEqual(object['spec'], before['spec']);
    return this.#store(kind, ref, {
      object,
      managers: how.managers,
      generation: isNewSpec ? generation + 1 : generation,
    });
  }

  #store(kind: ResourceKind, ref: ObjectRef, entry: Entry & { readonly generation: number }): JsonObject {
    this.#revision += 1;
    const { generation, managers } = entry;
    const metadata = {
      ...childOf({ ...entry.object }, 'metadata'),
      resourceVersion: String(this.#revision),
      generation,
    };
    const object = { ...entry.object, metadata };
    if (kind.group === API_GROUP) refuseUnknownFields(kind, ref, object);
    this.#entriesOf(kind).set(objectKey(ref), { object, managers });
    this.#remember(kind, { key: objectKey(ref), object });
    return object;
  }

  #removeIfDue(kind: ResourceKind, ref: ObjectRef): void {
    const metadata = childOf({ ...(this.#entriesOf(kind).get(objectKey(ref))?.object ?? {}) }, 'metadata');
    const finalizers = metadata['finalizers'];
    const isHeld = Array.isArray(finalizers) && finalizers.length > 0;
    if (metadata['deletionTimestamp'] !== undefined && !isHeld) this.#remove(kind, ref);
  }

  #remove(kind: ResourceKind, ref: ObjectRef): void {
    const entry = this.#entriesOf(kind).get(objectKey(ref));
    if (entry === undefined) return;
    this.#uids.delete(textOf(childOf({ ...entry.object }, 'metadata')['uid']));
    this.#entriesOf(kind).delete(objectKey(ref));
    this.#revision += 1;
    this.#remember(kind, { key: objectKey(ref), object: undefined });
  }

  #remember(kind: ResourceKind, revision: Revision): void {
    this.#historyOf(kind).push(revision);
  }

  #historyOf(kind: ResourceKind): Revision[] {
    const known = this.#history.get(resourceOf(kind));
    if (known !== undefined) return known;
    const made: Revision[] = [];
    this.#history.set(resourceOf(kind), made);
    return made;
  }
}

const withProtection = (finalizers: Json | undefined): Json[] => [
  ...(Array.isArray(finalizers) ? finalizers : []),
  PVC_PROTECTION,
];

const namespaceOf = (metadata: JsonObject): string | undefined =>
  typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined;

const encoded = (data: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(textOf(text)).toString('base64')]));

function failure(kind: ResourceKind, ref: ObjectRef, code: number, reason: string): KubeError {
  const subject = { verb: 'write', resource: resourceOf(kind), namespace: ref.namespace, name: ref.name };
  return new KubeError(subject, { code, reason, detail: 'refused by the API server in memory' });
}

/** `fieldValidation: Strict`: what the kind's schema does not have is an error, not dropped. */
function refuseUnknownFields(kind: ResourceKind, ref: ObjectRef, object: JsonObject): void {
  const kept = toJson(parsed(kind, object));
  for (const part of ['spec', 'status']) {
    const unknown = unknownFields(object[part], kept[part]);
    if (unknown.length > 0) throw failure(kind, ref, 400, `BadRequest: unknown ${part} fields ${unknown.join(', ')}`);
  }
}

function unknownFields(given: Json | undefined, kept: Json | undefined): string[] {
  if (!isObject(given)) return [];
  return Object.entries(given).flatMap(([field, value]) => {
    if (!isObject(kept) || !(field in kept)) return [field];
    return unknownFields(value, kept[field]);
  });
}
