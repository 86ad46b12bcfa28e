/** What is known of a run of the engine. */
export interface RunFacts {
  /** A run is under way, or the first one has not ended. */
  readonly busy: boolean;
  /** Since the run began, or since the engine was told to begin. */
  readonly busyMilliseconds: number;
  /** A mover of it works. */
  readonly moverRuns: boolean;
}

/** Within this time a mover appears, if one can appear at all. */
const STARTING_MILLISECONDS = 60_000;

/**
 * Whether the engine may be told something that changes its mover's Job: it replaces the Job at once, and the mover before
 * it may work on beside the new one, or die and leave its lock. So changes wait for the end of a run, unless nothing of it
 * runs: a mover that can't start, or fails again and again, may be waiting for this very change.
 */
export const mayReplaceMover = ({ busy, busyMilliseconds, moverRuns }: RunFacts): boolean =>
  !busy || (!moverRuns && busyMilliseconds >= STARTING_MILLISECONDS);
