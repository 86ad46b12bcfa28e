import type { ReadOptions } from '../../../src/destinations/destination.ts';
import type { ObjectStore } from '../../../src/destinations/object-store.ts';
import { failure, success, type Failure, type Outcome } from '../../../src/destinations/outcome.ts';

export type MemoryStore = ObjectStore & {
  /** What is stored, by key. Change it at will. */
  readonly objects: Map<string, Uint8Array>;
  /** When objects were stored, RFC 3339, by key; the listing gives a fixed time for the others. */
  readonly modifiedAt: Map<string, string>;
  /** The calls so far, as `LIST prefix`, `GET key`, `PUT key` or `DELETE key`. */
  readonly calls: string[];
  /** Set to make calls fail: it is asked before each one. */
  fault: ((call: string) => Failure | undefined) | undefined;
};

function partOf(bytes: Uint8Array | undefined, range: ReadOptions['range']): Outcome<Uint8Array | undefined> {
  if (bytes === undefined || range === undefined) return success(bytes);
  const part = bytes.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes);
  return part.length === range.lengthBytes ? success(part) : failure('BadResponse', 'the object is shorter');
}

/** An object store in memory, for tests of what is built on stores; `objects` is what it holds. */
export const createMemoryStore = (objects = new Map<string, Uint8Array>()): MemoryStore => {
  const modifiedAt = new Map<string, string>();
  const calls: string[] = [];
  const begin = (call: string): Failure | undefined => {
    calls.push(call);
    return store.fault?.(call);
  };
  const store: MemoryStore = {
    objects,
    modifiedAt,
    calls,
    fault: undefined,
    description: 'memory',
    listPage(prefix, { maximumKeys, continuation }) {
      const fault = begin(`LIST ${prefix}`);
      if (fault !== undefined) return Promise.resolve(fault);
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      const rest = keys.filter((key) => continuation === undefined || key > continuation);
      const page = rest.slice(0, maximumKeys);
      const entries = page.map((key) => ({
        key,
        sizeBytes: objects.get(key)?.length ?? 0,
        modifiedAt: modifiedAt.get(key) ?? '2026-01-02T03:04:05Z',
      }));
      const last = page.at(-1);
      return Promise.resolve(
        success({ entries, ...(rest.length > page.length && last !== undefined ? { next: last } : {}) }),
      );
    },
    read(key, { maximumBytes = Number.POSITIVE_INFINITY, range }) {
      const fault = begin(`GET ${key}`);
      const bytes = partOf(objects.get(key), range);
      if (fault !== undefined || !bytes.ok) return Promise.resolve(fault ?? bytes);
      const isTooLarge = (bytes.value?.length ?? 0) > maximumBytes;
      return Promise.resolve(isTooLarge ? failure('TooLarge', 'more than asked for') : bytes);
    },
    write(key, bytes) {
      const fault = begin(`PUT ${key}`);
      if (fault === undefined) objects.set(key, bytes);
      return Promise.resolve(fault ?? success(undefined));
    },
    create(key, bytes) {
      const fault = begin(`PUT ${key}`);
      const isNew = !objects.has(key);
      if (fault === undefined && isNew) objects.set(key, bytes);
      return Promise.resolve(fault ?? success(isNew));
    },
    remove(key) {
      const fault = begin(`DELETE ${key}`);
      if (fault === undefined) objects.delete(key);
      return Promise.resolve(fault ?? success(undefined));
    },
    close: () => Promise.resolve(),
  };
  return store;
};
