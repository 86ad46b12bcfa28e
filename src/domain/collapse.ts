/** Size and number of files of one snapshot. */
export interface VolumeContent {
  readonly sizeBytes: number;
  readonly files: number;
}

/** How far a measure may fall. From `ordinary` on, to half; smaller ones, which change by whole parts, further. */
interface Measure {
  readonly ordinary: number;
  /** Below this nothing is judged. */
  readonly smallest: number;
  /** The part that a small one must keep. */
  readonly smallRatio: number;
}

/** The part that an ordinary volume must keep. */
const ORDINARY_RATIO = 0.5;
/** Nine files that become two have collapsed, four that become one have not. */
const FILES: Measure = { ordinary: 10, smallest: 1, smallRatio: 0.25 };
/** Most files grow by blocks of 4 KiB; a database of a few of them may be emptied by its own housekeeping. */
const BYTES: Measure = { ordinary: 1024 * 1024, smallest: 64 * 1024, smallRatio: 0.1 };

export type CollapseVerdict<T extends VolumeContent> =
  { readonly collapsed: false } | { readonly collapsed: true; readonly yardstick: T; readonly message: string };

function fell(before: number, after: number, { ordinary, smallest, smallRatio }: Measure): boolean {
  return before >= smallest && after < before * (before >= ordinary ? ORDINARY_RATIO : smallRatio);
}

const hasFallen = (before: VolumeContent, after: VolumeContent): boolean =>
  fell(before.sizeBytes, after.sizeBytes, BYTES) || fell(before.files, after.files, FILES);

/** A content in words. */
export const describeContent = ({ sizeBytes, files }: VolumeContent): string => `${sizeBytes} bytes in ${files} files`;

/**
 * Compares a new snapshot with what there was: it has collapsed if it lacks half of any of the yardsticks, or, where they are
 * small, almost all. After a collapse nothing is pruned: what vanished may only be left in the older snapshots.
 */
export function judgeCollapse<T extends VolumeContent>(
  yardsticks: readonly T[],
  after: VolumeContent,
): CollapseVerdict<T> {
  const yardstick = yardsticks.find((before) => hasFallen(before, after));
  if (yardstick === undefined) return { collapsed: false };
  return {
    collapsed: true,
    yardstick,
    message: `the volume fell from ${describeContent(yardstick)} to ${describeContent(after)}`,
  };
}

/** The largest of some contents by files, and the largest by bytes; one where it is the same. */
export function largestOf<T extends VolumeContent>(contents: readonly T[]): readonly T[] {
  const largest = (size: (content: T) => number): readonly T[] =>
    contents.length === 0 ? [] : [contents.reduce((best, one) => (size(one) > size(best) ? one : best))];
  return [...new Set([...largest((one) => one.files), ...largest((one) => one.sizeBytes)])];
}
