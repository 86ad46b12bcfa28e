import type { Content } from '../kube/cluster.ts';
import type { ResticStore } from './restic-store.ts';

/** A snapshot that the repository holds, whatever the store says of it. */
export interface TrueSnapshot {
  readonly id: string;
  readonly timeMilliseconds: number;
  readonly content: Content;
  /** False when its run left out what it could not read. */
  readonly whole: boolean;
  /** Whether restic has recorded its counts. */
  readonly isCounted: boolean;
  /** UID of the cluster whose mover made it; absent for what was there before. */
  readonly writer?: string | undefined;
}

/** What a backup's mover truly did, whatever it said. `before`: what there was when it saved its own. */
export type TrueRun =
  | { readonly kind: 'saved'; readonly snapshot: TrueSnapshot; readonly before: readonly TrueSnapshot[] }
  /** It left nothing. */
  | { readonly kind: 'failed' }
  /** It left nothing, although it was called a success; what it said, or did not say, fits a snapshot of before. */
  | { readonly kind: 'missing'; readonly timeMilliseconds: number; readonly fits?: TrueSnapshot | undefined }
  /** There was no file to be saved. */
  | { readonly kind: 'empty'; readonly timeMilliseconds: number; readonly before: readonly TrueSnapshot[] };

const HOUR_MILLISECONDS = 3_600_000;

/** How many hours a bucket of each of restic's rules lasts, near enough. */
const bucketHours: Readonly<Record<string, number>> = { hourly: 1, daily: 24, weekly: 168, monthly: 730, yearly: 8760 };

/** What the repository truly holds, and what movers do to it. */
export class RepositoryTruth {
  readonly #restic: ResticStore;
  #snapshots: readonly TrueSnapshot[] = [];
  readonly #runs: TrueRun[] = [];
  readonly #lost = new Set<string>();
  /** UID of the cluster whose mover is at work. */
  writer: string | undefined;

  constructor(restic: ResticStore) {
    this.#restic = restic;
  }

  /** Oldest first. */
  get snapshots(): readonly TrueSnapshot[] {
    return this.#snapshots;
  }

  /** All runs, in order. */
  get runs(): readonly TrueRun[] {
    return this.#runs;
  }

  get newest(): TrueSnapshot | undefined {
    return this.#snapshots.at(-1);
  }

  has(id: string): boolean {
    return this.#snapshots.some((one) => one.id === id);
  }

  /** A backup of a volume. */
  save(content: Content, timeMilliseconds: number, isCounted = true): TrueSnapshot {
    return this.#save(content, timeMilliseconds, { isCounted, whole: true });
  }

  /** A backup that could not read more than this of a volume. */
  savePart(content: Content, timeMilliseconds: number): TrueSnapshot {
    return this.#save(content, timeMilliseconds, { isCounted: true, whole: false });
  }

  /** A backup of a volume on a node whose clock is ahead by so much. */
  saveAhead(content: Content, timeMilliseconds: number, aheadMilliseconds: number): TrueSnapshot {
    const kind = { isCounted: true, whole: true };
    return this.#save(content, timeMilliseconds + aheadMilliseconds, kind, timeMilliseconds);
  }

  /** A backup saves nothing, and says so. */
  fail(): void {
    this.#runs.push({ kind: 'failed' });
  }

  /**
   * A backup saves nothing, and is called a success.
   *
   * @param fits the snapshot that it names though an earlier run made it, or that whoever does not hear it name one may take for its own.
   */
  pretend(timeMilliseconds: number, fits?: TrueSnapshot): void {
    this.#runs.push({ kind: 'missing', timeMilliseconds, fits });
  }

  /** A backup finds no file. */
  findNothing(timeMilliseconds: number): void {
    this.#runs.push({ kind: 'empty', timeMilliseconds, before: this.#snapshots });
  }

  #save(
    content: Content,
    timeMilliseconds: number,
    kind: Pick<TrueSnapshot, 'whole' | 'isCounted'>,
    storedMilliseconds = timeMilliseconds,
  ): TrueSnapshot {
    const directories = 1;
    const files = content.files - directories;
    const counts = { files, directories, sizeBytes: content.sizeBytes };
    const id = this.#restic.addSnapshot(
      timeMilliseconds,
      files,
      kind.isCounted ? counts : undefined,
      storedMilliseconds,
    );
    const snapshot = { id, timeMilliseconds, content: { ...content, snapshotId: id }, ...kind, writer: this.writer };
    this.#runs.push({ kind: 'saved', snapshot, before: this.#snapshots });
    this.#snapshots = [...this.#snapshots, snapshot];
    return snapshot;
  }

  /** Somebody removes all snapshots, and leaves the rest of the repository as it is. */
  lose(): void {
    for (const { id } of this.#snapshots) {
      this.#restic.removeSnapshot(id);
      this.#lost.add(id);
    }
    this.#snapshots = [];
  }

  /** Whether somebody removed a snapshot that no mover did. */
  isLost(id: string): boolean {
    return this.#lost.has(id);
  }

  /** Somebody removes one snapshot. */
  remove(id: string): void {
    this.#restic.removeSnapshot(id);
    this.#snapshots = this.#snapshots.filter((one) => one.id !== id);
  }

  /** The one that VolSync's mover takes: the newest whose time, cut to the second, is not after the one given. */
  asOf(time: string): TrueSnapshot | undefined {
    const limit = Math.floor(Date.parse(time) / 1000);
    const byOwnTime = this.#snapshots.toSorted((a, b) => a.timeMilliseconds - b.timeMilliseconds);
    return byOwnTime.findLast((one) => Math.floor(one.timeMilliseconds / 1000) <= limit);
  }

  /** `restic forget` by VolSync's `retain`. */
  forget(retain: Readonly<Record<string, unknown>>): void {
    const kept = new Set<string>();
    const since = (this.newest?.timeMilliseconds ?? 0) - durationMilliseconds(retain['within']);
    for (const one of this.#snapshots) if (one.timeMilliseconds > since) kept.add(one.id);
    for (const one of this.#snapshots.slice(-Number(retain['last'] ?? 0))) kept.add(one.id);
    for (const [rule, hours] of Object.entries(bucketHours)) {
      for (const id of newestPerBucket(this.#snapshots, hours).slice(0, Number(retain[rule] ?? 0))) kept.add(id);
    }
    for (const one of this.#snapshots) if (!kept.has(one.id)) this.#restic.removeSnapshot(one.id);
    this.#snapshots = this.#snapshots.filter((one) => kept.has(one.id));
  }
}

/** restic's durations, as far as they are used: days and years. */
function durationMilliseconds(text: unknown): number {
  const [, count, unit] = /^(\d+)([dy])$/.exec(String(text)) ?? [];
  return Number(count ?? 0) * (unit === 'y' ? 8760 : 24) * HOUR_MILLISECONDS;
}

/** Newest first. */
function newestPerBucket(snapshots: readonly TrueSnapshot[], hours: number): string[] {
  const buckets = new Map<number, string>();
  for (const one of snapshots.toReversed()) {
    const bucket = Math.floor(one.timeMilliseconds / (hours * HOUR_MILLISECONDS));
    if (!buckets.has(bucket)) buckets.set(bucket, one.id);
  }
  return [...buckets.values()];
}
