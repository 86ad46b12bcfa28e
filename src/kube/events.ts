import type { Logger } from 'pino';
import { randomUUID } from 'node:crypto';
import type { KubeClient } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import { isNamespaceTerminating, isNotFound } from './errors.ts';
import { BoundedMap, type EventLimits, EventRateLimiter } from './event-limits.ts';
import type { KubeObject } from './kind.ts';
import { toKubeTime } from './micro-time.ts';
import { events } from './objects.ts';

/** What the user is told about an object. */
export interface EventNotice {
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word, for programs. */
  readonly reason: string;
  /** For people. Never holds secrets. Cut at 1024 bytes, the API's limit. */
  readonly message: string;
}

/** What became of a notice: `counted` onto an event that says the same, `limited`: left out, one object had too many. */
export type EventOutcome = 'created' | 'counted' | 'limited' | 'failed';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Who says it: shown by `kubectl describe` under From. */
  readonly component: string;
  /** Which of several: for example the pod's name. */
  readonly instance: string;
  readonly logger: Logger;
  readonly onOutcome?: (outcome: EventOutcome) => void;
  /** Notices that say the same within this time share an event; 10 minutes if not given. */
  readonly windowSeconds?: number;
  /** 25 at once, then one every 5 minutes per object, if not given. */
  readonly limits?: EventLimits;
  readonly clock?: Clock;
  /** The unique end of an event's name. */
  readonly newId?: () => string;
}

interface Written {
  readonly name: string;
  count: number;
  lastMilliseconds: number;
}

const longestMessageBytes = 1024;
const rememberedEvents = 4096;
const rememberedObjects = 4096;
/** More than this many notices waiting means that events cannot be written; further ones are dropped and counted. */
const longestBacklog = 1000;

/**
 * Writes events about objects, in the background: a notice that cannot be written is logged and counted, and never
 * fails the work it tells of.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #limiter: EventRateLimiter;
  readonly #written = new BoundedMap<Written>(rememberedEvents);
  #backlog = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const limits = options.limits ?? { burst: 25, refillSeconds: 300 };
    this.#limiter = new EventRateLimiter(limits, this.#clock, rememberedObjects);
  }

  /** Tells about an object. Returns at once; see flush. */
  record(object: KubeObject, notice: EventNotice): void {
    if (this.#backlog >= longestBacklog) {
      this.#finish('failed');
      return;
    }
    this.#backlog += 1;
    // One after the other: two equal notices must not both create an event.
    this.#last = this.#last.then(async () => {
      this.#finish(await this.#write(object, notice));
      this.#backlog -= 1;
    });
  }

  /** Resolves when everything recorded so far was written or given up. */
  flush(): Promise<void> {
    return this.#last;
  }

  #finish(outcome: EventOutcome): void {
    this.#options.onOutcome?.(outcome);
  }

  async #write(object: KubeObject, notice: EventNotice): Promise<EventOutcome> {
    const uid = object.metadata.uid ?? '';
    if (!this.#limiter.allow(uid)) {
      this.#countSilently(object, notice);
      return 'limited';
    }
    try {
      return (await this.#count(object, notice)) ?? (await this.#create(object, notice));
    } catch (error) {
      this.#logFailure(object, notice, error);
      return 'failed';
    }
  }

  #logFailure(object: KubeObject, notice: EventNotice, error: unknown): void {
    const about = { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
    const line = { ...about, reason: notice.reason, err: error };
    if (isNamespaceTerminating(error)) this.#options.logger.debug(line, 'no event in a namespace that is going away');
    else this.#options.logger.warn(line, 'an event could not be written');
  }

  /** The event that said the same within the window, if there is one. */
  #same(object: KubeObject, notice: EventNotice): Written | undefined {
    const { windowSeconds = 600 } = this.#options;
    const written = this.#written.get(identityOf(object, notice));
    const now = this.#clock.wallMilliseconds();
    return written !== undefined && now - written.lastMilliseconds <= windowSeconds * 1000 ? written : undefined;
  }

  #countSilently(object: KubeObject, notice: EventNotice): void {
    const written = this.#same(object, notice);
    if (written !== undefined) written.count += 1;
  }

  /** Adds one to an event that says the same. Undefined if there is none. */
  async #count(object: KubeObject, notice: EventNotice): Promise<EventOutcome | undefined> {
    const written = this.#same(object, notice);
    if (written === undefined) return undefined;
    const now = this.#clock.wallMilliseconds();
    const patch = { count: written.count + 1, lastTimestamp: toKubeTime(now) };
    try {
      await this.#options.client.mergePatch(events, { namespace: namespaceFor(object), name: written.name }, patch);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // Events live for an hour, or somebody deleted it.
      this.#written.delete(identityOf(object, notice));
      return undefined;
    }
    written.count += 1;
    written.lastMilliseconds = now;
    return 'counted';
  }

  async #create(object: KubeObject, notice: EventNotice): Promise<EventOutcome> {
    const now = this.#clock.wallMilliseconds();
    const name = `${object.metadata.name.slice(0, 200)}.${(this.#options.newId ?? randomUUID)()}`;
    await this.#options.client.create(events, this.#build(object, notice, name));
    this.#written.set(identityOf(object, notice), { name, count: 1, lastMilliseconds: now });
    return 'created';
  }

  #build(object: KubeObject, notice: EventNotice, name: string) {
    const { component, instance } = this.#options;
    const { metadata, apiVersion, kind } = object;
    const time = toKubeTime(this.#clock.wallMilliseconds());
    return {
      metadata: { namespace: namespaceFor(object), name },
      involvedObject: {
        apiVersion,
        kind,
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type: notice.type,
      reason: notice.reason,
      message: cutToBytes(notice.message, longestMessageBytes),
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
  }
}

/** Events about cluster-scoped objects live in the namespace `default`: the API server wants it so. */
function namespaceFor(object: KubeObject): string {
  return object.metadata.namespace ?? 'default';
}

function identityOf(object: KubeObject, notice: EventNotice): string {
  const { uid, namespace, name } = object.metadata;
  return JSON.stringify([uid ?? [object.kind, namespace, name], notice.type, notice.reason, notice.message]);
}

/** Cuts at a whole character. */
function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const cut = Buffer.from(text).subarray(0, bytes - Buffer.byteLength('…'));
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}…`;
}
