/** Size and number of files of one snapshot. */
export interface VolumeContent {
  readonly sizeBytes: number;
  readonly files: number;
}

/** A volume below this many bytes and files is too small for a fall to mean anything. */
const SMALLEST_JUDGED: VolumeContent = { sizeBytes: 1024 * 1024, files: 10 };
/** A fall to less than this part of what there was is a collapse. */
const COLLAPSE_RATIO = 0.5;

export type CollapseVerdict = { readonly collapsed: false } | { readonly collapsed: true; readonly message: string };

const fell = (before: number, after: number, smallest: number): boolean =>
  before >= smallest && after < before * COLLAPSE_RATIO;

/**
 * Compares a new snapshot with the last good one. After a collapse nothing is pruned: what vanished may only be left in
 * the older snapshots.
 */
export function judgeCollapse(before: VolumeContent | undefined, after: VolumeContent): CollapseVerdict {
  if (before === undefined) return { collapsed: false };
  const size = fell(before.sizeBytes, after.sizeBytes, SMALLEST_JUDGED.sizeBytes);
  const files = fell(before.files, after.files, SMALLEST_JUDGED.files);
  if (!size && !files) return { collapsed: false };
  return {
    collapsed: true,
    message: `the volume fell from ${before.sizeBytes} bytes in ${before.files} files to ${after.sizeBytes} bytes in ${after.files} files`,
  };
}
