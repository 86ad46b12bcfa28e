import { resticSizeBytes } from '../restic-size.ts';

/**
 * How many bytes a prune has freed, by what it prints of itself; undefined where it does not say so. restic 0.18 tells it as text
 * only, rounded to a thousandth of the unit, whatever `--json` says (cmd/restic/cmd_prune.go).
 */
export function freedBytes(log: string): number | undefined {
  const size = /^total prune:\s+\d+ blobs \/ ([\d.]+ \w+)\s*$/m.exec(log)?.[1];
  return size === undefined ? undefined : resticSizeBytes(size);
}
