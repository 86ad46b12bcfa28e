import type { Logger } from 'pino';
import { z } from 'zod';
import { backoffMilliseconds } from '../../time/backoff.ts';
import type { KubeClient, Selection } from '../client/client.ts';
import { type Clock, sleep, systemClock } from '../../time/clock.ts';
import { isAborted, isGone, isKindMissing, isTimeout } from '../client/errors.ts';
import { apiVersionOf, type KubeObject, objectKey, type ResourceKind } from '../model/kind.ts';
import { type Change, type Entry, type Indexers, type ReadableStore, Store } from './store.ts';
import { StringPool } from './string-pool.ts';
import type { WatchEvent } from '../client/watch.ts';

export interface ReflectorOptions<T extends KubeObject> extends Selection {
  readonly client: KubeClient;
  readonly kind: ResourceKind<T>;
  readonly logger: Logger;
  /** Keeps only what is needed of each object, to save memory. */
  readonly select?: (object: T) => T;
  readonly indexers?: Indexers<T>;
  /** Whether the server may lack the kind, whose objects then do not exist: its CRD may come later, or go. */
  readonly mayBeMissing?: boolean;
  /** Every object is announced as changed this often; never if not given. */
  readonly resyncMilliseconds?: number;
  /** The server is asked to end a watch after this time, made up to a tenth longer at random; 290 if not given. */
  readonly watchTimeoutSeconds?: number;
  /**
   * A watch this silent is taken for dead; 150 s if not given. API servers send a bookmark at least every two minutes:
   * every 60 s once a kind has changed, the first one after 120 s otherwise (measured on Kubernetes 1.34).
   */
  readonly idleTimeoutMilliseconds?: number;
  readonly onReport?: (report: ReflectorReport) => void;
  readonly clock?: Clock;
  /** Numbers in [0, 1). */
  readonly random?: () => number;
}

/** What the reflector did, for metrics. */
export type ReflectorReport =
  | { readonly type: 'listed'; readonly objects: number; readonly durationSeconds: number }
  | { readonly type: 'watchEnded'; readonly why: WatchEnd };

/** `closed`: by the server, as agreed. `silent`: by us. `gone`: the resource version was too old. */
type WatchEnd = 'closed' | 'silent' | 'gone' | 'failed';

const pageLimit = 500;
/** A watch that lived this long shows a healthy server. */
const healthyMilliseconds = 5_000;
const backoff = { initialMilliseconds: 500, maximumMilliseconds: 30_000, jitter: 0.5 };

const identified = z.object({
  metadata: z.object({
    name: z.string().default(''),
    namespace: z.string().optional(),
    resourceVersion: z.string(),
  }),
});

/**
 * Keeps a local copy of all objects of a kind: a paged list, then watches that follow each other, with a new list when
 * the server has forgotten where we were. Changes are announced by key and are level-triggered: several may come as
 * one, and only the state counts. The copy may lag behind the server; it never holds what the server never had.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #store: Store<T>;
  readonly #strings = new StringPool();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<undefined>();
  #running: Promise<void> | undefined;
  #isSynced = false;
  #resourceVersion: string | undefined;
  #mayHaveGoneBack = false;
  #problem: string | undefined;
  #isKindMissing = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#store = new Store(options.indexers);
  }

  get store(): ReadableStore<T> {
    return this.#store;
  }

  get size(): number {
    return this.#store.size;
  }

  /** Name of what is reflected, for logs and metrics. */
  get resource(): string {
    return this.#options.kind.plural;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** What keeps the copy from being up to date; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether the server has said that it does not serve the kind; false while that is not certain. */
  get isKindMissing(): boolean {
    return this.#isKindMissing;
  }

  /** Whether it is this kind that is reflected. */
  reflects({ group, plural }: Pick<ResourceKind, 'group' | 'plural'>): boolean {
    return this.#options.kind.group === group && this.#options.kind.plural === plural;
  }

  /** Resolves once the first list is complete. Never, if the server never gives one. */
  hasSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Announces every change from now on. The returned function ends it. */
  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const cancelResync = this.#startResync();
    for (let failures = 0; !signal.aborted;) {
      const startedAt = this.#clock.monotonicMilliseconds();
      await this.#round(signal);
      const lived = this.#clock.monotonicMilliseconds() - startedAt;
      // Only a watch that lasted counts as success, so that a server that accepts and closes is not hammered.
      failures = lived >= healthyMilliseconds ? 0 : failures + 1;
      if (failures > 0) await sleep(this.#clock, backoffMilliseconds(backoff, failures - 1, this.#random()), signal);
    }
    cancelResync();
  }

  /** Lists if need be, then watches until the watch ends for whatever reason. */
  async #round(signal: AbortSignal): Promise<void> {
    try {
      if (this.#mayHaveGoneBack) await this.#noticeHistoryLost(signal);
      this.#resourceVersion ??= await this.#list(signal);
      await this.#watch(this.#resourceVersion, signal);
      this.#report('closed');
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { logger, kind } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    this.#problem = message;
    if (this.#options.mayBeMissing === true && isKindMissing(error)) {
      this.#haveNone(message);
      return;
    }
    if (isGone(error)) {
      this.#resourceVersion = undefined;
      this.#report('gone');
      logger.info({ resource: kind.plural }, `the watch fell too far behind and starts over with a list: ${message}`);
      return;
    }
    this.#mayHaveGoneBack = this.#resourceVersion !== undefined;
    this.#report(isTimeout(error) ? 'silent' : 'failed');
    logger.warn({ resource: kind.plural, err: error }, 'the local copy may be out of date; trying again');
  }

  /** Without the kind there are no objects of it, which is all there is to know; it is asked for again and again. */
  #haveNone(message: string): void {
    const { logger, kind } = this.#options;
    for (const key of this.#store.keys()) this.#announce(this.#store.delete(key));
    this.#resourceVersion = undefined;
    this.#mayHaveGoneBack = false;
    this.#isKindMissing = true;
    this.#isSynced = true;
    this.#synced.resolve(undefined);
    this.#report('failed');
    logger.warn({ resource: kind.plural }, `the server does not know this kind; trying again: ${message}`);
  }

  #report(why: WatchEnd): void {
    this.#options.onReport?.({ type: 'watchEnded', why });
  }

  /**
   * After a broken connection the server may be one whose data was restored from an older backup. It would accept a
   * watch from our future resource version and stay silent about all changes until it gets there. Resource versions
   * are whole numbers that only grow (Kubernetes KEP-5504); if they are not, nothing is concluded.
   */
  async #noticeHistoryLost(signal: AbortSignal): Promise<void> {
    const page = await this.#options.client.listPage(
      this.#options.kind,
      { ...this.#selection(), limit: 1 },
      { signal },
    );
    this.#mayHaveGoneBack = false;
    this.#problem = undefined;
    if (!isOlder(page.resourceVersion, this.#resourceVersion)) return;
    this.#options.logger.warn({ resource: this.resource }, "the server's history went back; starting over with a list");
    this.#resourceVersion = undefined;
  }

  /** Reads everything and removes what is there no longer. Returns the resource version to watch from. */
  async #list(signal: AbortSignal): Promise<string> {
    const startedAt = this.#clock.monotonicMilliseconds();
    const seen = new Set<string>();
    const resourceVersion = await this.#readPages(seen, signal);
    for (const key of this.#store.keys()) if (!seen.has(key)) this.#announce(this.#store.delete(key));
    const durationSeconds = (this.#clock.monotonicMilliseconds() - startedAt) / 1000;
    this.#options.onReport?.({ type: 'listed', objects: seen.size, durationSeconds });
    this.#isKindMissing = false;
    this.#isSynced = true;
    this.#problem = undefined;
    this.#synced.resolve(undefined);
    return resourceVersion;
  }

  async #readPages(seen: Set<string>, signal: AbortSignal): Promise<string> {
    const { client, kind } = this.#options;
    let request: { limit: number; continueToken?: string | undefined } = { limit: pageLimit };
    for (;;) {
      try {
        const page = await client.listPage(kind, { ...this.#selection(), ...request }, { signal });
        for (const item of page.items) seen.add(this.#take(item));
        if (page.continueToken === undefined) return page.resourceVersion;
        request = { limit: pageLimit, continueToken: page.continueToken };
      } catch (error) {
        // The snapshot behind the pages was compacted away meanwhile: read all at once, which cannot expire.
        if (!isGone(error) || request.limit === 0) throw error;
        seen.clear();
        request = { limit: 0 };
      }
    }
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, kind, watchTimeoutSeconds = 290, idleTimeoutMilliseconds = 150_000 } = this.#options;
    const timeoutSeconds = Math.round(watchTimeoutSeconds * (1 + this.#random() / 10));
    const request = { ...this.#selection(), resourceVersion, timeoutSeconds };
    for await (const event of client.watch(kind, request, { signal, idleTimeoutMilliseconds })) {
      this.#problem = undefined;
      this.#apply(event);
    }
  }

  #apply(event: WatchEvent): void {
    const { metadata } = identified.parse(event.object);
    if (event.type === 'DELETED') this.#announce(this.#store.delete(objectKey(metadata)));
    if (event.type === 'ADDED' || event.type === 'MODIFIED') this.#take(event.object);
    this.#resourceVersion = metadata.resourceVersion;
  }

  /** Stores one object and returns its key. */
  #take(value: unknown): string {
    const { metadata } = identified.parse(value);
    const key = objectKey(metadata);
    this.#announce(this.#store.set(key, this.#read(value, key, metadata.resourceVersion)));
    return key;
  }

  #read(value: unknown, key: string, resourceVersion: string): Entry<T> {
    const { kind, select, logger } = this.#options;
    try {
      const parsed = kind.parse(value);
      const object = select === undefined ? parsed : select(parsed);
      this.#strings.shareAll(object);
      return { resourceVersion, object };
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : 'it has an unexpected shape';
      logger.error({ resource: `${kind.plural}.${apiVersionOf(kind)}`, key, why }, 'an object cannot be read');
      return { resourceVersion, unreadable: why };
    }
  }

  #announce(change: Change<T> | undefined): void {
    if (change === undefined) return;
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.logger.error({ resource: this.resource, key: change.key, err: error }, 'a listener failed');
      }
    }
  }

  #startResync(): () => void {
    const { resyncMilliseconds } = this.#options;
    if (resyncMilliseconds === undefined) return () => undefined;
    let cancel = (): void => undefined;
    const arm = (): void => {
      cancel = this.#clock.schedule(resyncMilliseconds, () => {
        for (const change of this.#store.all()) this.#announce({ ...change, previous: change.current });
        arm();
      });
    };
    arm();
    return () => cancel();
  }

  #selection(): Selection {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

/** Whether `version` is certainly before `other`. */
function isOlder(version: string, other: string | undefined): boolean {
  const wholeNumber = /^\d+$/;
  if (other === undefined || !wholeNumber.test(version) || !wholeNumber.test(other)) return false;
  return BigInt(version) < BigInt(other);
}
