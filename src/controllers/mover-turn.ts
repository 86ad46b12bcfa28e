import type { MoverCause, MoverTask } from '../domain/queue/mover.ts';

/** A mover that a controller wants to begin. */
export interface Wish {
  readonly task: MoverTask;
  /** What the controller is to look at once its turn has come: the key of its queue. */
  readonly key: string;
  readonly claim: { readonly namespace: string; readonly uid: string };
  /** Name of the BackupDestination. */
  readonly destination: string;
  readonly cause: MoverCause;
  readonly isFirst?: boolean;
  readonly sinceMilliseconds: number;
  readonly priority?: number | undefined;
  /** What keeps it from beginning whatever else works, a clause. */
  readonly heldBecause?: string | undefined;
}

export type Turn =
  /** A place is kept for it: it is to begin, or to give the place back. */
  | { readonly kind: 'begin' }
  /** `message`: a sentence. */
  | { readonly kind: 'wait'; readonly message: string; readonly lookAgainMilliseconds: number };
