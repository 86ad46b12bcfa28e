/** What a mover does. */
export type MoverTask = 'restore' | 'backup' | 'maintenance';

/** Why a mover is wanted; backups in the order in which they begin. */
export type MoverCause = 'restore' | 'asked' | 'overdue' | 'first' | 'scheduled' | 'maintenance';

/** A mover of our own, as far as others have to wait for it. */
export interface QueuedMover {
  /** There is one at a time of each id. */
  readonly id: string;
  readonly task: MoverTask;
  /** Of the claim. */
  readonly namespace: string;
  /** The BackupDestination that it works with; absent where that is not known any more. */
  readonly destination?: string | undefined;
  /** The claim's first backup, which sends the whole volume. */
  readonly isFirst: boolean;
}

export interface WaitingMover extends QueuedMover {
  readonly cause: MoverCause;
  /** Since when it is wanted, milliseconds since 1970. */
  readonly sinceMilliseconds: number;
  /** Higher ones go first; 0 where nobody has said anything. */
  readonly priority: number;
  /** What keeps it from beginning whatever else works, a clause; absent where nothing does. */
  readonly heldBecause?: string | undefined;
}
