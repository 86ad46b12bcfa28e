import { type KubeObject, objectKey } from '../model/kind.ts';
import { UnreadableObjectError } from '../model/unreadable-object.ts';

/** Index names and what an object is found under in each. */
export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** What happened to one key. Both undefined: the object came and went, or cannot be read. */
export interface Change<T> {
  readonly key: string;
  readonly previous: T | undefined;
  readonly current: T | undefined;
}

/** The reading side of a store. Objects are shared: never change them. */
export interface ReadableStore<T> {
  /** Undefined if there is none as far as is known. Throws UnreadableObjectError if there is one of unknown content. */
  readonly get: (key: string) => T | undefined;
  /** Every object that can be read. */
  readonly list: () => T[];
  /** The objects found under a value of an index. Throws if there is no such index. */
  readonly byIndex: (indexName: string, value: string) => T[];
  /** Everything there is, as changes from nothing; what cannot be read is among it by its key alone. */
  readonly all: () => Change<T>[];
}

/** What a store holds under a key: an object, or why it could not be read. */
export type Entry<T> =
  | { readonly resourceVersion: string; readonly object: T }
  | { readonly resourceVersion: string; readonly unreadable: string };

/** Objects by key, with indexes. */
export class Store<T extends KubeObject> implements ReadableStore<T> {
  readonly #indexers: Indexers<T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Indexers<T> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#entries.size;
  }

  readonly get = (key: string): T | undefined => {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if ('object' in entry) return entry.object;
    throw new UnreadableObjectError(`${key} exists but cannot be read: ${entry.unreadable}`);
  };

  readonly list = (): T[] => [...this.#entries.values()].flatMap((entry) => ('object' in entry ? [entry.object] : []));

  readonly byIndex = (indexName: string, value: string): T[] => {
    const index = this.#indexes.get(indexName);
    if (index === undefined) throw new Error(`there is no index "${indexName}"`);
    return [...(index.get(value) ?? [])].flatMap((key) => this.#readable(key) ?? []);
  };

  readonly all = (): Change<T>[] =>
    this.keys().map((key) => ({ key, previous: undefined, current: this.#readable(key) }));

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Puts an entry in. Returns the change, or undefined if that version was there already. */
  set(key: string, entry: Entry<T>): Change<T> | undefined {
    const before = this.#entries.get(key);
    if (before?.resourceVersion === entry.resourceVersion) return undefined;
    const previous = this.#readable(key);
    this.#unindex(key, previous);
    this.#entries.set(key, entry);
    const current = 'object' in entry ? entry.object : undefined;
    this.#index(key, current);
    return { key, previous, current };
  }

  /** Takes an object out. Returns the change, or undefined if it was not there. */
  delete(key: string): Change<T> | undefined {
    if (!this.#entries.has(key)) return undefined;
    const previous = this.#readable(key);
    this.#unindex(key, previous);
    this.#entries.delete(key);
    return { key, previous, current: undefined };
  }

  #readable(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && 'object' in entry ? entry.object : undefined;
  }

  #index(key: string, object: T | undefined): void {
    if (object === undefined) return;
    for (const [index, value] of this.#places(object)) {
      const keys = index.get(value) ?? new Set();
      index.set(value, keys.add(key));
    }
  }

  #unindex(key: string, object: T | undefined): void {
    if (object === undefined) return;
    for (const [index, value] of this.#places(object)) {
      const keys = index.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(value);
    }
  }

  *#places(object: T): Generator<[Map<string, Set<string>>, string]> {
    for (const [name, index] of this.#indexes) {
      for (const value of this.#indexers[name]?.(object) ?? []) yield [index, value];
    }
  }
}

/** For an index by namespace. */
export const namespaceOf = (object: KubeObject): readonly string[] =>
  object.metadata.namespace === undefined ? [] : [object.metadata.namespace];

/** For mapping a child to its controlling owner of one kind: the owner's key, in the child's namespace. */
export const controllerKeysOf =
  (ownerKind: string) =>
  (object: KubeObject): readonly string[] =>
    (object.metadata.ownerReferences ?? [])
      .filter((owner) => owner.controller === true && owner.kind === ownerKind)
      .map((owner) => objectKey({ namespace: object.metadata.namespace, name: owner.name }));
