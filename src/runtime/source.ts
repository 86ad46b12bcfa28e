import type { KubeObject } from '../kube/model/kind.ts';
import type { Reflector } from '../kube/cache/reflector.ts';
import type { Change } from '../kube/cache/store.ts';

/** Something whose changes make a controller look at keys. */
export interface Source {
  /** Resolves once everything that exists has been named. */
  readonly hasSynced: () => Promise<void>;
  /** Calls back with every key to look at, for what exists already too. The returned function ends it. */
  readonly start: (enqueue: (key: string) => void) => () => void;
}

/** A source that follows a reflector, which somebody else starts and stops. */
export function reflectorSource<T extends KubeObject>(
  reflector: Reflector<T>,
  mapToKeys: (change: Change<T>) => Iterable<string>,
): Source {
  return {
    hasSynced: () => reflector.hasSynced(),
    start: (enqueue) => {
      const follow = (change: Change<T>): void => {
        for (const key of mapToKeys(change)) enqueue(key);
      };
      const unsubscribe = reflector.subscribe(follow);
      for (const change of reflector.store.all()) follow(change);
      return unsubscribe;
    },
  };
}

/** For the kind that a controller is about: the changed object's own key. */
export function ownKey(change: Change<unknown>): string[] {
  return [change.key];
}

/** For other kinds: the keys that the object pointed to before the change, and those it points to now. */
export function keysOf<T>(keysOfObject: (object: T) => Iterable<string>): (change: Change<T>) => Set<string> {
  return ({ previous, current }) => {
    const keys = new Set<string>();
    for (const object of [previous, current]) {
      if (object === undefined) continue;
      for (const key of keysOfObject(object)) keys.add(key);
    }
    return keys;
  };
}

/** For what belongs to an object and is looked at when that one goes: the keys that it pointed to. */
export function whenGone<T>(keysOfObject: (object: T) => Iterable<string>): (change: Change<T>) => Iterable<string> {
  return ({ previous, current }) => (current === undefined && previous !== undefined ? keysOfObject(previous) : []);
}

/** Passes on what changes what an object asks for, its coming and its end; not what others write into its status. */
export function whenSpecChanges<T extends KubeObject>(
  mapToKeys: (change: Change<T>) => Iterable<string>,
): (change: Change<T>) => Iterable<string> {
  return (change) => {
    const { previous, current } = change;
    const isSame =
      previous !== undefined &&
      current !== undefined &&
      previous.metadata.uid === current.metadata.uid &&
      previous.metadata.generation === current.metadata.generation;
    return isSame ? [] : mapToKeys(change);
  };
}

/** Work that has no object of its own: one key, looked at again and again. */
export const onceAndAgain: Source = {
  hasSynced: () => Promise.resolve(),
  start: (enqueue) => {
    enqueue('all');
    return () => undefined;
  },
};
