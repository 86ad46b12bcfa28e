import { z } from 'zod';
import type { Snapshot, SnapshotSummary } from './snapshot.ts';

const count = z.int().min(0);

// Field names of restic 0.18, internal/restic/snapshot.go. `summary` is there from 0.17 on.
const summary = z.object({
  dirs_new: count,
  dirs_changed: count,
  dirs_unmodified: count,
  total_files_processed: count,
  total_bytes_processed: count,
});

const snapshotFile = z.object({
  time: z.iso.datetime({ offset: true }),
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  hostname: z.string().default(''),
  paths: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  summary: summary.optional(),
});

const summaryOf = (counted: z.infer<typeof summary>): SnapshotSummary => ({
  files: counted.total_files_processed,
  directories: counted.dirs_new + counted.dirs_changed + counted.dirs_unmodified,
  sizeBytes: counted.total_bytes_processed,
});

/** Understands the JSON of a snapshot file; `undefined` when it is not one. */
export const parseSnapshot = (id: string, json: unknown): Snapshot | undefined => {
  const file = snapshotFile.safeParse(json);
  if (!file.success) return undefined;
  const { time, tree: treeId, hostname, paths, tags, summary: counted } = file.data;
  return {
    id,
    shortId: id.slice(0, 8),
    time,
    timeMilliseconds: Date.parse(time),
    treeId,
    hostname,
    paths: paths ?? [],
    tags: tags ?? [],
    ...(counted === undefined ? {} : { summary: summaryOf(counted) }),
  };
};

const nanoseconds = (time: string): string => (/\.(\d{1,9})/.exec(time)?.[1] ?? '').padEnd(9, '0');

/** Orders snapshots by time to the nanosecond, the oldest first; by id where the times are the same. */
export const byTime = (a: Snapshot, b: Snapshot): number => {
  if (a.timeMilliseconds !== b.timeMilliseconds) return a.timeMilliseconds - b.timeMilliseconds;
  const [left, right] = [nanoseconds(a.time) + a.id, nanoseconds(b.time) + b.id];
  return left < right ? -1 : Number(left > right);
};

/** The clocks of a node and of a store may differ by this much: a store refuses requests of one that is further off. */
const CLOCK_SKEW_MILLISECONDS = 15 * 60_000;

/**
 * The snapshot with the time at which the store got it, where its own is later: the clock of its node was ahead. Node clocks are
 * wrong after a start until they are set, and such a snapshot would pass for the newest until its time has come. A store that
 * was copied has later times than the snapshots, so that these are believed.
 */
export function takenBefore(snapshot: Snapshot, storedMilliseconds: number | undefined): Snapshot {
  const { timeMilliseconds } = snapshot;
  if (storedMilliseconds === undefined || timeMilliseconds - storedMilliseconds <= CLOCK_SKEW_MILLISECONDS)
    return snapshot;
  return Number.isNaN(storedMilliseconds) ? snapshot : { ...snapshot, timeMilliseconds: storedMilliseconds };
}
