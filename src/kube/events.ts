import type { Logger } from 'pino';
import { createHash } from 'node:crypto';
import type { KubeClient } from './client/client.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from './client/errors.ts';
import { BoundedMap, type EventLimits, EventRateLimiter } from './event-limits.ts';
import type { KubeObject } from './model/kind.ts';
import { toKubeTime } from '../time/micro-time.ts';
import { events } from './model/built-in-kinds.ts';

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
  /** 25 at once, then one every 5 minutes per object, if not given. */
  readonly limits?: EventLimits;
  readonly clock?: Clock;
}

const longestMessageBytes = 1024;
const rememberedEvents = 4096;
const rememberedObjects = 4096;
/** More than this many notices waiting means that events cannot be written; further ones are dropped and counted. */
const longestBacklog = 1000;

/**
 * Writes events about objects, in the background: a notice that cannot be written is logged and counted, and never
 * fails the work it tells of. Notices that say the same share an event for as long as it exists: its name follows from
 * what it says, so that a process that is started again goes on counting.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #limiter: EventRateLimiter;
  /** How often each event was told, by its name. */
  readonly #counts = new BoundedMap<number>(rememberedEvents);
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
    const name = eventName(object, notice);
    if (!this.#limiter.allow(object.metadata.uid ?? '')) {
      const count = this.#counts.get(name);
      if (count !== undefined) this.#counts.set(name, count + 1);
      return 'limited';
    }
    try {
      return (await this.#count(object, name)) ?? (await this.#create(object, notice, name));
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

  /** Adds one to the event of this name. Undefined if it is not known, or no longer there. */
  async #count(object: KubeObject, name: string): Promise<EventOutcome | undefined> {
    const known = this.#counts.get(name);
    if (known === undefined) return undefined;
    const patch = { count: known + 1, lastTimestamp: toKubeTime(this.#clock.wallMilliseconds()) };
    try {
      await this.#options.client.mergePatch(events, { namespace: namespaceFor(object), name }, patch);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // Events live for an hour, or somebody deleted it.
      this.#counts.delete(name);
      return undefined;
    }
    this.#counts.set(name, known + 1);
    return 'counted';
  }

  async #create(object: KubeObject, notice: EventNotice, name: string): Promise<EventOutcome> {
    const event = this.#build(object, notice, name);
    const { client } = this.#options;
    try {
      await client.create(events, event);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // Told before this process was started; how often is known only now, so the next time writes the count of all.
      const { lastTimestamp } = event;
      const told = await client.mergePatch(events, { namespace: event.metadata.namespace, name }, { lastTimestamp });
      this.#counts.set(name, (told.count ?? 1) + 1);
      return 'counted';
    }
    this.#counts.set(name, 1);
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

/** The same for notices that say the same about the same object. */
function eventName(object: KubeObject, notice: EventNotice): string {
  const { uid, namespace, name } = object.metadata;
  const said = [uid ?? [object.kind, namespace, name], notice.type, notice.reason, notice.message];
  const digest = createHash('sha256').update(JSON.stringify(said)).digest('hex');
  // What is left of a long name may end as no part of a name may.
  return `${name.slice(0, 200).replace(/[-.]+$/, '')}.${digest.slice(0, 16)}`;
}

/** Cuts at a whole character. */
function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const cut = Buffer.from(text).subarray(0, bytes - Buffer.byteLength('…'));
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}…`;
}
