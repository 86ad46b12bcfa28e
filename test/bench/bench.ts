import type { Cleanup } from './cleanup.ts';
import type { ContentsName } from './restore/contents.ts';
import type { Findings } from './report.ts';

/** What a benchmark is given. */
export interface BenchContext {
  /** Undone at the end, however it ends. */
  readonly cleanup: Cleanup;
  /** Tells a person who waits what is being done. */
  readonly report: (message: string) => void;
  /** Overrides the number of claims, for a quick look; the targets are meant for the usual number. */
  readonly claims: number | undefined;
  /** What is restored. */
  readonly contents: ContentsName;
  /** Where logs, and profiles if wanted, are left. */
  readonly logFolder: string;
  /** More flags for Node in the product's processes, such as `--cpu-prof`. */
  readonly nodeFlags: readonly string[];
}

export type Bench = (context: BenchContext) => Promise<Findings>;

export const repetitions = 3;
