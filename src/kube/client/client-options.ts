import type { ApiCall, CallOptions } from './requester.ts';

export interface Selection {
  /** One namespace; all of them if not given. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface PageRequest extends Selection {
  /** Objects per page; 0 for all at once. */
  readonly limit: number;
  readonly continueToken?: string | undefined;
}

/** One page of a list; its items are not parsed yet but carry `apiVersion` and `kind`. */
export interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  /** Undefined on the last page. */
  readonly continueToken: string | undefined;
}

export interface WatchRequest extends Selection {
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
}

export interface WriteOptions extends CallOptions {
  /** Checks and admits, but stores nothing. */
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'scale';
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields over that another manager owns; true if not given. Without it they are a conflict. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object: a conflict otherwise. */
  readonly preconditions?: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined };
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface LogOptions {
  readonly signal?: AbortSignal;
  readonly container?: string;
  /** Goes on until the container ends. */
  readonly follow?: boolean;
  /** The log of the container's previous life. */
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly limitBytes?: number;
}

/** RFC 6902. A `test` that fails makes the whole patch fail as invalid. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string };

export interface RawRequest extends CallOptions {
  readonly method: ApiCall['method'];
  /** Absolute path, for example `/version`. */
  readonly path: string;
  readonly query?: URLSearchParams;
  /** Sent as JSON. */
  readonly body?: unknown;
}
