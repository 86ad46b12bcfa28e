/** What every stored Kubernetes object carries. Timestamps stay RFC 3339 strings: plain JSON all the way. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly ownerReferences?: readonly OwnerReference[] | undefined;
  readonly finalizers?: readonly string[] | undefined;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
}

/**
 * An object as one wishes it to be, for create and apply: metadata and any further fields. The client fills in
 * `apiVersion` and `kind` from its ResourceKind.
 */
export interface DesiredObject {
  readonly metadata: DesiredMetadata;
  readonly [field: string]: unknown;
}

export interface DesiredMetadata extends Pick<
  ObjectMetadata,
  'namespace' | 'labels' | 'annotations' | 'ownerReferences' | 'finalizers' | 'resourceVersion' | 'uid'
> {
  readonly name?: string | undefined;
  /** The server adds a random end. */
  readonly generateName?: string | undefined;
}

/** A desired object that can be addressed. */
export interface NamedObject extends DesiredObject {
  readonly metadata: DesiredMetadata & { readonly name: string };
}

/** Where one object lives. Cluster-scoped objects have no namespace. */
export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Everything the client needs to know about one kind of object, built in or custom. */
export interface ResourceKind<T extends KubeObject = KubeObject> {
  /** API group; '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, as in the URL: `persistentvolumeclaims`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Checks an object from the API server and keeps the fields the program uses. Throws if it has the wrong shape. */
  readonly parse: (value: unknown) => T;
}

/** `v1` for the core group, `group/version` otherwise. */
export function apiVersionOf(kind: Pick<ResourceKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `namespace/name`, or `name` for a cluster-scoped object. Names hold no slash, so keys are unambiguous. */
export function objectKey(ref: ObjectRef): string {
  return ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The reverse of objectKey. */
export function splitKey(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The namespace and name that a key of a namespaced kind holds. Throws if the key has no namespace. */
export function splitNamespacedKey(key: string): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = splitKey(key);
  if (namespace === undefined) throw new Error(`key "${key}" has no namespace`);
  return { namespace, name };
}

/** The URL path of a kind's collection: in one namespace, or over all of them (or cluster-scoped) without one. */
export function collectionPath(kind: ResourceKind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

/** The URL path of one object, or of one of its subresources. Throws where a needed namespace is missing. */
export function objectPath(kind: ResourceKind, ref: ObjectRef, subresource?: string): string {
  if (ref.name === '') throw new Error(`a ${kind.kind} cannot be addressed by an empty name`);
  const collection = collectionPath(kind, requiredNamespace(kind, ref.namespace));
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  return `${collection}/${encodeURIComponent(ref.name)}${suffix}`;
}

/** The namespace that a single object of this kind lives in; undefined for cluster scope. Throws where it is missing. */
export function requiredNamespace(kind: ResourceKind, namespace: string | undefined): string | undefined {
  if (!kind.namespaced) return undefined;
  if (namespace === undefined || namespace === '') throw new Error(`a ${kind.kind} needs a namespace`);
  return namespace;
}

/** A reference by which `owner` owns another object in its namespace, as its controller. */
export function ownerReference(owner: KubeObject): OwnerReference {
  const { name, uid } = owner.metadata;
  if (uid === undefined)
    throw new Error(`${owner.kind} ${objectKey(owner.metadata)} has no uid and cannot own anything`);
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
