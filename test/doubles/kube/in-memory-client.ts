import { FIELD_MANAGER } from '../../../src/api/group.ts';
import type { DeleteOptions, LogOptions } from '../../../src/kube/client/client.ts';
import {
  KubeError,
  type KubeErrorDetails,
  reasonAborted,
  reasonConnectionFailed,
  reasonDeadlineExceeded,
} from '../../../src/kube/client/errors.ts';
import type { DesiredObject, KubeObject, NamedObject, ObjectRef, ResourceKind } from '../../../src/kube/model/kind.ts';
import type { ObjectClient } from '../../../src/controllers/context.ts';
import { type ApiServer, resourceOf } from './api-server.ts';

/** Where the logs of pods come from. */
export interface PodLogs {
  readonly follow: (pod: ObjectRef, signal?: AbortSignal) => AsyncGenerator<string>;
}

/** What befalls a write: it never arrives, or it takes effect and its answer is lost. */
export type WriteFault = 'refused' | 'answerLost';

/** What will go wrong with a process's writes. */
export interface WriteTrouble {
  /** Writes that still succeed before it. */
  readonly after: number;
  readonly fault: WriteFault;
  /** The process ends with it: nothing that it does afterwards has an effect. */
  readonly fatal: boolean;
}

/** The client of one process. */
export class InMemoryClient implements ObjectClient {
  readonly #server: ApiServer;
  readonly #logs: PodLogs;
  readonly #refusals = new Map<string, Pick<KubeErrorDetails, 'code' | 'detail'>>();
  #trouble: WriteTrouble | undefined;
  #writes = 0;
  #writesTried = 0;
  #isDead = false;

  constructor(server: ApiServer, logs: PodLogs) {
    this.#server = server;
    this.#logs = logs;
  }

  /** How often it has tried to write, whatever came of it. */
  get writesTried(): number {
    return this.#writesTried;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Lets one of the next writes go wrong; none, without an argument. */
  expect(trouble: WriteTrouble | undefined): void {
    this.#trouble = trouble;
    this.#writes = 0;
  }

  /** From now on the API server refuses to make or change objects of a kind. */
  refuse(kind: ResourceKind, why: Pick<KubeErrorDetails, 'code' | 'detail'>): void {
    this.#refusals.set(resourceOf(kind), why);
  }

  /** From now on it takes them again. */
  allow(kind: ResourceKind): void {
    this.#refusals.delete(resourceOf(kind));
  }

  /** Whether it answers that it does not know a kind. */
  isMissing(kind: ResourceKind): boolean {
    return this.#refusals.get(resourceOf(kind))?.code === 404;
  }

  /** The process ends: nothing that it still does has an effect. */
  kill(): void {
    this.#isDead = true;
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef): Promise<T | undefined> {
    await this.#arrive(kind);
    return this.#server.get(kind, ref);
  }

  async list<T extends KubeObject>(kind: ResourceKind<T>): Promise<T[]> {
    await this.#arrive(kind);
    return this.#server.list(kind);
  }

  create<T extends KubeObject>(kind: ResourceKind<T>, object: DesiredObject): Promise<T> {
    return this.#write(kind, () => this.#admitted(kind, 'create').create(kind, object));
  }

  apply<T extends KubeObject>(kind: ResourceKind<T>, object: NamedObject): Promise<T> {
    return this.#write(kind, () => this.#admitted(kind, 'patch').apply(kind, object, FIELD_MANAGER));
  }

  applyStatus<T extends KubeObject>(kind: ResourceKind<T>, object: NamedObject): Promise<T> {
    return this.#write(kind, () => this.#server.apply(kind, object, FIELD_MANAGER, 'status'));
  }

  mergePatch<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, patch: object): Promise<T> {
    return this.#write(kind, () => this.#server.mergePatch(kind, ref, patch));
  }

  delete(kind: ResourceKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    return this.#write(kind, () => this.#server.delete(kind, ref, options.preconditions));
  }

  podLogs(pod: ObjectRef, options: LogOptions = {}): AsyncGenerator<string> {
    return this.#logs.follow(pod, options.signal);
  }

  #admitted(kind: ResourceKind, verb: string): ApiServer {
    const why = this.#refusals.get(resourceOf(kind));
    const resource = kind.group === '' ? kind.plural : resourceOf(kind);
    if (why !== undefined) throw new KubeError({ verb, resource }, { reason: 'Refused', ...why });
    return this.#server;
  }

  async #arrive(kind: ResourceKind): Promise<void> {
    await Promise.resolve();
    if (this.#isDead) throw failure(kind, reasonAborted);
  }

  async #write<T>(kind: ResourceKind, take: () => T): Promise<T> {
    this.#writesTried += 1;
    await this.#arrive(kind);
    const trouble = this.#trouble;
    const isStruck = trouble?.after === this.#writes;
    this.#writes += 1;
    if (!isStruck) return take();
    if (trouble.fatal) this.#isDead = true;
    if (trouble.fault === 'refused') throw failure(kind, reasonConnectionFailed);
    take();
    throw failure(kind, reasonDeadlineExceeded);
  }
}

const failure = (kind: ResourceKind, reason: string): KubeError =>
  new KubeError({ verb: 'call', resource: resourceOf(kind) }, { code: 0, reason, detail: 'as the test wants it' });
