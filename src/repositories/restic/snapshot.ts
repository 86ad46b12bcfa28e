/** What a backup counted, from restic 0.17 on. */
export type SnapshotSummary = {
  /** Files in the snapshot (`total_files_processed`). */
  readonly files: number;
  /** Directories in the snapshot. */
  readonly directories: number;
  /** Bytes of all files in the snapshot (`total_bytes_processed`). */
  readonly sizeBytes: number;
};

export type Snapshot = {
  /** All 64 digits. */
  readonly id: string;
  /** The first 8 digits, as restic prints them. */
  readonly shortId: string;
  /** RFC 3339, as restic wrote it, to the nanosecond and with its offset. */
  readonly time: string;
  /** When it was taken: its own time, or that at which the store got it, where this was earlier. */
  readonly timeMilliseconds: number;
  /** Id of the tree that holds its files. */
  readonly treeId: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  readonly summary?: SnapshotSummary;
};
