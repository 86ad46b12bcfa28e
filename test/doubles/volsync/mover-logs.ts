import { objectKey, type ObjectRef } from '../../../src/kube/model/kind.ts';
import type { PodLogs } from '../kube/in-memory-client.ts';

interface Log {
  readonly lines: string[];
  isOver: boolean;
  changed: PromiseWithResolvers<undefined>;
}

/** The logs of pods, as they grow. */
export class MoverLogs implements PodLogs {
  readonly #logs = new Map<string, Log>();
  #isBroken = false;
  #revision = 0;

  /** Whether the kubelet cannot be reached. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  set isBroken(isBroken: boolean) {
    this.#isBroken = isBroken;
    this.#revision += 1;
  }

  get areNone(): boolean {
    return this.#logs.size === 0;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  write(pod: ObjectRef, ...lines: readonly string[]): void {
    const log = this.#logOf(pod);
    log.lines.push(...lines);
    this.#wake(log);
  }

  /** The container ended; what it said stays until the pod goes. */
  end(pod: ObjectRef): void {
    const log = this.#logOf(pod);
    log.isOver = true;
    this.#wake(log);
  }

  linesOf(pod: ObjectRef): readonly string[] {
    return this.#logOf(pod).lines;
  }

  async *follow(pod: ObjectRef, signal?: AbortSignal): AsyncGenerator<string> {
    const log = this.#logs.get(objectKey(pod));
    if (log === undefined || this.#breaks()) throw new Error('the log cannot be read');
    signal?.addEventListener('abort', () => this.#wake(log), { once: true });
    for (let next = 0; ;) {
      for (; next < log.lines.length; next += 1) yield log.lines[next] ?? '';
      if (log.isOver) return;
      await log.changed.promise;
      if (this.#breaks() || signal?.aborted === true) throw new Error('the log broke off');
    }
  }

  /** Forgets the logs of pods that are gone. */
  keep(isThere: (podKey: string) => boolean): void {
    for (const [key, log] of this.#logs) {
      if (isThere(key)) continue;
      log.isOver = true;
      this.#wake(log);
      this.#logs.delete(key);
    }
  }

  #breaks(): boolean {
    return this.#isBroken;
  }

  #logOf(pod: ObjectRef): Log {
    const known = this.#logs.get(objectKey(pod));
    if (known !== undefined) return known;
    const made: Log = { lines: [], isOver: false, changed: Promise.withResolvers() };
    this.#logs.set(objectKey(pod), made);
    return made;
  }

  #wake(log: Log): void {
    this.#revision += 1;
    log.changed.resolve(undefined);
    log.changed = Promise.withResolvers();
  }
}
