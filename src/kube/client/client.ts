import { z } from 'zod';
import type {
  ApplyOptions,
  DeleteOptions,
  JsonPatchOperation,
  LogOptions,
  Page,
  PageRequest,
  RawRequest,
  Selection,
  WatchRequest,
  WriteOptions,
} from './client-options.ts';
import type { KubeConnection } from './connection.ts';
import { isNotFound, KubeError, reasonUnreadable, type RequestSubject } from './errors.ts';
import {
  apiVersionOf,
  collectionPath,
  type DesiredObject,
  type KubeObject,
  type NamedObject,
  type ObjectRef,
  objectPath,
  requiredNamespace,
  type ResourceKind,
} from '../model/kind.ts';
import { readLines } from './lines.ts';
import { type ApiCall, type CallOptions, Requester, type RequestReport, type StreamOptions } from './requester.ts';
import { parseWatchLine, type WatchEvent } from './watch.ts';

export type * from './client-options.ts';
export type { CallOptions, RequestReport } from './requester.ts';

export interface KubeClientOptions {
  readonly connection: KubeConnection;
  /** Owner of the fields that server-side apply sets, and of plain writes. */
  readonly fieldManager: string;
  /** Limit of every call that sets none of its own; 30 s if not given. */
  readonly timeoutMilliseconds?: number;
  readonly onRequest?: (report: RequestReport) => void;
}

type Patch = { readonly contentType: string; readonly body: unknown; readonly idempotent: boolean };

const pageLimit = 500;
/** Objects are at most some 1.5 MiB in etcd; as JSON with managed fields, well below this. */
const longestLineBytes = 64 * 1024 * 1024;
/** Whoever may create pods decides what their logs hold, and the kubelet joins what a program prints into one line. */
const longestLogLineBytes = 4 * 1024;

const listAnswer = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({})).nullable(),
});

/**
 * Speaks to the API server about objects of any kind. Every method rejects with KubeError, and with nothing else where
 * the arguments make sense; every call has a time limit.
 */
export class KubeClient {
  readonly #requester: Requester;
  readonly #fieldManager: string;

  constructor(options: KubeClientOptions) {
    this.#fieldManager = options.fieldManager;
    this.#requester = new Requester({
      connection: options.connection,
      timeoutMilliseconds: options.timeoutMilliseconds ?? 30_000,
      onRequest: options.onRequest,
    });
  }

  /** The object, or undefined if the server says for certain that it does not exist. */
  async get<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<T | undefined> {
    const call: ApiCall = {
      subject: about('get', kind, ref),
      method: 'GET',
      path: objectPath(kind, ref),
      idempotent: true,
    };
    try {
      return this.#parse(kind, call, await this.#requester.text(call, options));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Every object that matches, read in pages. */
  async list<T extends KubeObject>(
    kind: ResourceKind<T>,
    selection: Selection = {},
    options?: CallOptions,
  ): Promise<T[]> {
    const objects: T[] = [];
    let continueToken: string | undefined;
    do {
      const page = await this.listPage(kind, { ...selection, limit: pageLimit, continueToken }, options);
      for (const item of page.items) objects.push(parseObject(kind, about('list', kind, selection), item));
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
    return objects;
  }

  /** One page of a list, unparsed. A continue token that is too old rejects with 410: see isGone. */
  async listPage(kind: ResourceKind, request: PageRequest, options?: CallOptions): Promise<Page> {
    const call: ApiCall = {
      subject: about('list', kind, request),
      method: 'GET',
      path: collectionPath(kind, request.namespace),
      query: queryOf({ ...selectors(request), limit: request.limit, continue: request.continueToken }),
      idempotent: true,
    };
    const answer = readJson(call.subject, await this.#requester.text(call, options), (value) =>
      listAnswer.parse(value),
    );
    const items = (answer.items ?? []).map((item) => ({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...item }));
    const token = answer.metadata.continue;
    return {
      items,
      resourceVersion: answer.metadata.resourceVersion,
      continueToken: token === '' ? undefined : token,
    };
  }

  /** Events after a resource version, until the server ends the watch; bookmarks are asked for. */
  async *watch(kind: ResourceKind, request: WatchRequest, options: StreamOptions): AsyncGenerator<WatchEvent> {
    const call: ApiCall = {
      subject: about('watch', kind, request),
      method: 'GET',
      path: collectionPath(kind, request.namespace),
      query: queryOf({
        ...selectors(request),
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: request.resourceVersion,
        timeoutSeconds: request.timeoutSeconds,
      }),
      idempotent: true,
    };
    const chunks = this.#requester.stream(call, options);
    // A connection that breaks leaves half an event: the next watch brings it whole.
    const lines = readLines(chunks, { unfinishedLine: 'drop', maximumBytes: longestLineBytes, longLine: 'refuse' });
    for await (const line of lines) if (line !== '') yield parseWatchLine(call.subject, line);
  }

  /** Creates an object; `apiVersion` and `kind` are filled in. One that exists is a conflict: see isAlreadyExists. */
  async create<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: DesiredObject,
    options: WriteOptions = {},
  ): Promise<T> {
    const { name, generateName, namespace } = object.metadata;
    const call: ApiCall = {
      subject: about('create', kind, { namespace, name: name ?? `${generateName ?? ''}*` }),
      method: 'POST',
      path: collectionPath(kind, requiredNamespace(kind, namespace)),
      query: this.#writeQuery(options),
      body: { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind },
      idempotent: false,
    };
    return this.#parse(kind, call, await this.#requester.text(call, options));
  }

  /** RFC 7386. With `metadata.resourceVersion` in the patch, a change by others is a conflict. */
  async mergePatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    const body = { contentType: 'application/merge-patch+json', body: patch, idempotent: false };
    return this.#patch(kind, ref, body, options);
  }

  /** RFC 6902. A `test` operation that fails rejects as invalid: see isInvalid. */
  async jsonPatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options: WriteOptions = {},
  ): Promise<T> {
    const body = { contentType: 'application/json-patch+json', body: operations, idempotent: false };
    return this.#patch(kind, ref, body, options);
  }

  /** Server-side apply: makes the fields given so, and removes those we set before and did not give now. */
  async apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: NamedObject,
    options: ApplyOptions = {},
  ): Promise<T> {
    const body = { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
    const patch = { contentType: 'application/apply-patch+yaml', body, idempotent: true };
    return this.#patch(kind, object.metadata, patch, { ...options, force: options.force ?? true });
  }

  /** Server-side apply of the status subresource. */
  applyStatus<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: NamedObject,
    options: ApplyOptions = {},
  ): Promise<T> {
    return this.apply(kind, object, { ...options, subresource: 'status' });
  }

  /** Asks for an object's deletion; finalizers may delay it. False if there was no such object. */
  async delete(kind: ResourceKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { preconditions, propagationPolicy, gracePeriodSeconds } = options;
    const call: ApiCall = {
      subject: about('delete', kind, ref),
      method: 'DELETE',
      path: objectPath(kind, ref),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds },
      idempotent: true,
    };
    try {
      await this.#requester.text(call, options);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** The lines of a container's log, each cut after 4 KiB. Leaving the loop, or the signal, ends the stream. */
  podLogs(pod: ObjectRef, options: LogOptions = {}): AsyncGenerator<string> {
    const { signal, ...query } = options;
    const call: ApiCall = {
      subject: { verb: 'get', resource: 'pods/log', namespace: pod.namespace, name: pod.name },
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(pod.namespace ?? '')}/pods/${encodeURIComponent(pod.name)}/log`,
      query: queryOf(query),
      idempotent: true,
    };
    const chunks = this.#requester.stream(call, { signal });
    return readLines(chunks, { unfinishedLine: 'yield', maximumBytes: longestLogLineBytes, longLine: 'cut' });
  }

  /** Any request; the answer's text. For what is not an object: `/version`, `/readyz`, discovery. */
  raw(request: RawRequest): Promise<string> {
    const { method, path, query, body } = request;
    const subject = { verb: method.toLowerCase(), resource: path };
    return this.#requester.text({ subject, method, path, query, body, idempotent: method === 'GET' }, request);
  }

  async #patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: Patch,
    options: ApplyOptions,
  ): Promise<T> {
    const call: ApiCall = {
      subject: about('patch', kind, ref),
      method: 'PATCH',
      path: objectPath(kind, ref, options.subresource),
      query: this.#writeQuery(options),
      ...patch,
    };
    return this.#parse(kind, call, await this.#requester.text(call, options));
  }

  /** Unknown fields are refused rather than dropped: a field that silently does nothing may be the one that protects. */
  #writeQuery(options: ApplyOptions): URLSearchParams {
    return queryOf({
      fieldManager: this.#fieldManager,
      fieldValidation: 'Strict',
      force: options.force,
      dryRun: options.dryRun === true ? 'All' : undefined,
    });
  }

  #parse<T extends KubeObject>(kind: ResourceKind<T>, call: ApiCall, text: string): T {
    return readJson(call.subject, text, (value) => kind.parse(value));
  }
}

function about(verb: string, kind: ResourceKind, target: Partial<ObjectRef>): RequestSubject {
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  return { verb, resource, namespace: kind.namespaced ? target.namespace : undefined, name: target.name };
}

function parseObject<T extends KubeObject>(kind: ResourceKind<T>, subject: RequestSubject, value: unknown): T {
  try {
    return kind.parse(value);
  } catch (error) {
    throw unreadable(subject, error);
  }
}

function readJson<T>(subject: RequestSubject, text: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    throw unreadable(subject, error);
  }
}

function unreadable(subject: RequestSubject, cause: unknown): KubeError {
  const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : 'the answer is not the JSON that was asked for';
  return new KubeError(subject, { code: 0, reason: reasonUnreadable, detail });
}

function selectors(selection: Selection): Record<string, string | undefined> {
  return { labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector };
}

function queryOf(values: Readonly<Record<string, string | number | boolean | undefined>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query;
}
