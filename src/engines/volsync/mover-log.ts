import type { RestoreReport } from '../../domain/proof.ts';
import { resticSizeBytes } from '../restic-size.ts';

// What restic 0.18 prints (cmd/restic/cmd_restore.go, internal/ui/restore/text.go, cmd_backup.go) and what VolSync's
// mover script adds (mover-restic/entry.sh, v0.14).
const restoring = /^[ \t]*restoring snapshot ([0-9a-f]{8,64}) of /m;
const summary =
  /^[ \t]*Summary: Restored (\d+)(?: \/ (\d+))? files\/dirs \(([\d.]+ [KMGT]?i?B)(?: \/ [\d.]+ [KMGT]?i?B)?\)(?:.*?, skipped (\d+) files\/dirs ([\d.]+ [KMGT]?i?B))?/m;
const foundNothing = /^[ \t]*(No eligible snapshots found|=== No data will be restored ===)/m;
const done = /^[ \t]*Restic completed in /m;
const verdict = /^[ \t]*((?:Fatal|ERROR)\b.*)$/m;
// What restic says of one file (internal/ui/restore/text.go, internal/ui/backup/text.go, 0.18).
const fileTrouble = /^[ \t]*((?:ignoring error for |error: |scan: ).*)$/m;
// restic 0.18 (internal/repository/lock.go, internal/restic/lock.go).
const LOCK_WORDS = 'unable to create lock|repository is already locked|invalid lock file';
const lockTrouble = new RegExp(`^(.*(?:${LOCK_WORDS}).*)$`, 'm');
// The words of the operating system and the network, in lines of any form; not of a cache that can't be opened, without which restic
// goes on (cmd/restic/global.go, 0.18).
const systemTrouble =
  /^(?!unable to open cache)(.*(?:permission denied|operation not permitted|no space left on device|cannot allocate memory|connection refused|connection reset|no such host|i\/o timeout|network is unreachable).*)$/im;

const sizeBytes = (text = '0 B'): number => resticSizeBytes(text) ?? Math.round(Number.parseFloat(text));

/** Reads what a restore mover says it did; parts that it did not print are absent. */
export function parseRestoreLog(log: string): RestoreReport {
  const snapshotId = restoring.exec(log)?.[1];
  const counts = summary.exec(log);
  const base = { foundNothing: foundNothing.test(log), ...(snapshotId === undefined ? {} : { snapshotId }) };
  if (counts === null) return base;
  const [, finished, planned, size, skipped, skippedSize] = counts;
  // What an earlier, broken attempt had already brought back is skipped: it counts as restored.
  const skippedEntries = Number(skipped ?? 0);
  return {
    ...base,
    entries: Number(finished) + skippedEntries,
    entriesPlanned: Number(planned ?? finished) + skippedEntries,
    sizeBytes: sizeBytes(size) + sizeBytes(skippedSize),
  };
}

/** Whether a mover says that it did all it was asked for: the last thing that its script says. */
export const saysDone = (log: string): boolean => done.test(log);

const LONGEST_COMPLAINT = 300;
const LONGEST_VERDICT = 120;

/**
 * What a failed mover says was wrong, on one line of at most 300 characters: who locks the repository, else the first line that
 * tells a cause, followed by its verdict, which for restic is often no more than a number of errors. Absent when it says nothing.
 */
export function moverComplaint(log: string): string | undefined {
  const ended = firstLine(log, verdict);
  const cause = firstLine(log, lockTrouble) ?? firstLine(log, fileTrouble) ?? firstLine(log, systemTrouble);
  if (ended === undefined || cause === undefined || cause === ended) {
    return (ended ?? cause)?.slice(0, LONGEST_COMPLAINT);
  }
  const end = ` (${ended.slice(0, LONGEST_VERDICT)})`;
  return `${cause.slice(0, LONGEST_COMPLAINT - end.length)}${end}`;
}

/** Names of files may hold characters that are no text. */
const firstLine = (log: string, pattern: RegExp): string | undefined =>
  pattern
    .exec(log)?.[1]
    ?.replaceAll(/\p{Cc}/gu, ' ')
    .trim();

/** Whether a line belongs to what a mover's log is kept for, however much follows it. */
export const isTelling = (line: string): boolean => [restoring, verdict, fileTrouble].some((one) => one.test(line));

/** Restic's words, and those of VolSync's script (exit code 11). */
const lockWords = new RegExp(`${LOCK_WORDS}|failure locking repository`);

/** What restic says where a key that the password opens does not open the config (cmd/restic/global.go, v0.18). */
const keyWords = /ciphertext verification failed/;

/** Whether a mover complains that its key does not fit the repository. */
export const speaksOfKeys = (log: string): boolean => keyWords.test(log);

/** Whether a mover complains that another process locks the repository. */
export const speaksOfLock = (log: string): boolean => lockWords.test(log);

/** Whether a mover complains that the repository keeps it out, by a lock or by its keys. */
export const speaksOfRefusal = (log: string): boolean => speaksOfLock(log) || speaksOfKeys(log);
