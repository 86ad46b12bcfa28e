import type { CallOptions, ObjectEntry, ReadOptions } from './destination.ts';
import type { Outcome } from './outcome.ts';

/** A part of a listing, in key order. `next` is there when the store holds more. */
export type ListPage = { readonly entries: readonly ObjectEntry[]; readonly next?: string };

export type ListPageOptions = CallOptions & { readonly maximumKeys: number; readonly continuation?: string };

/**
 * The few primitives that a kind of store has to offer; `stored-destination.ts` builds a {@link Destination} on them. No
 * method throws, and none tells "nothing" from anything but a complete and authentic answer of the store.
 */
export interface ObjectStore {
  /** Names the store in messages: scheme, host, bucket and prefix, without credentials. */
  readonly description: string;

  listPage(prefix: string, options: ListPageOptions): Promise<Outcome<ListPage>>;

  read(key: string, options: ReadOptions): Promise<Outcome<Uint8Array | undefined>>;

  write(key: string, bytes: Uint8Array, options: CallOptions): Promise<Outcome<undefined>>;

  /** Writes an object if there is none, atomically where the store can. `false`: there is one already, untouched. */
  create(key: string, bytes: Uint8Array, options: CallOptions): Promise<Outcome<boolean>>;

  /** Deletes an object; one that is not there is no failure. */
  remove(key: string, options: CallOptions): Promise<Outcome<undefined>>;

  close(): Promise<void>;
}
