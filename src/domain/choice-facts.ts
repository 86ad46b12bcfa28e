import type { RestoreRequest } from './restore-request.ts';
import { describeSnapshot, isNewer, shortId, type SnapshotFacts } from './snapshot-facts.ts';

/** What a ledger record says of snapshots. A snapshot that it does not name is unvouched: nothing is known of it. */
export interface LedgerWords {
  /** Runs that ended whole. They may be gone from the repository. */
  readonly good: readonly SnapshotFacts[];
  /** Runs that did not, by the snapshot's id. */
  readonly bad: ReadonlyMap<string, 'partial' | 'collapsed'>;
}

/** What the destination says of a claim's ledger record. */
export type LedgerFact =
  | { readonly kind: 'record'; readonly words: LedgerWords }
  /** There certainly is none. */
  | { readonly kind: 'absent' }
  /** It can't be understood, nor can the copy of the one before it. */
  | { readonly kind: 'corrupt' }
  /** It could not be read this time. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly message: string };

/** Whether the newer of two snapshots lacks no path that the older one has. */
export interface TreeComparison {
  readonly vouchedId: string;
  readonly unvouchedId: string;
  /** `unknown`: it was too much to compare. */
  readonly answer: 'lacksNothing' | 'lacksSome' | 'unknown';
  /** One that the newer one lacks. */
  readonly lackedPath?: string | undefined;
}

/** All that the choice is made from. */
export interface ChoiceFacts<T extends SnapshotFacts> {
  /** Those that are listed and can be read, in any order. */
  readonly snapshots: readonly T[];
  /** Those that are listed and cannot be read. */
  readonly damaged: readonly { readonly id: string; readonly message: string }[];
  readonly ledger: LedgerFact;
  /** Between two backups of the tier. */
  readonly intervalSeconds: number;
  readonly request: Exclude<RestoreRequest, { kind: 'none' }>;
  /** Whether a snapshot of which the ledger says nothing counts as good. */
  readonly unvouched: 'Hold' | 'Take';
  /** Absent until trees were compared. */
  readonly comparison?: TreeComparison | undefined;
}

/** What is to be told about a choice. */
export interface ChoiceNote {
  /** `OlderRestored` stands until a person answers it; a `warning` or a `notice` is told once. */
  readonly kind: 'OlderRestored' | 'warning' | 'notice';
  readonly message: string;
  /** A newer one that was not taken. */
  readonly newerId?: string | undefined;
}

export type SnapshotChoice<T extends SnapshotFacts> =
  | { readonly kind: 'chosen'; readonly snapshot: T; readonly note?: ChoiceNote | undefined }
  /** The claim waits. `isQuestion`: for a person's answer, not for the store. */
  | {
      readonly kind: 'hold';
      readonly reason: string;
      readonly message: string;
      readonly isQuestion: boolean;
      readonly newerId?: string | undefined;
    };

/** `compareTrees` means that the choice hangs on a comparison that the facts do not hold yet. */
export type ChoiceStep<T extends SnapshotFacts> =
  SnapshotChoice<T> | { readonly kind: 'compareTrees'; readonly vouched: T; readonly unvouched: T };

const STEP_INTERVALS = 1.5;
const MAXIMUM_STEP_SECONDS = 36 * 3_600;

/** How much older than the newest snapshot the one may be that comes back unasked, with a warning. */
export const stepMilliseconds = (intervalSeconds: number): number =>
  Math.min(STEP_INTERVALS * intervalSeconds, MAXIMUM_STEP_SECONDS) * 1_000;

const NO_WORDS: LedgerWords = { good: [], bad: new Map() };

/** What is known of the claim's snapshots: nothing, where the record is gone or cannot be read. */
export const wordsOf = (ledger: LedgerFact): LedgerWords => (ledger.kind === 'record' ? ledger.words : NO_WORDS);

/** Damaged snapshots of which it is not known that they are older than the choice. */
export const perhapsNewer = <T extends SnapshotFacts>({ damaged, ledger }: ChoiceFacts<T>, chosen: T) => {
  const known = new Map(wordsOf(ledger).good.map((one) => [one.id, one]));
  return damaged.filter(({ id }) => {
    const good = known.get(id);
    return good === undefined || isNewer(good, chosen);
  });
};

/** A snapshot that can't be read may be a newer one than the choice: older data must not come back unasked. */
export const mayBeTooOld = <T extends SnapshotFacts>(
  damaged: { readonly message: string },
  newest: T,
): ChoiceStep<T> => ({
  kind: 'hold',
  reason: 'DamagedSnapshot',
  message:
    `${damaged.message}. It may be newer than ${describeSnapshot(newest)}, the newest that can be read. ` +
    `Mend the repository, or set annotation rebound.dev/restore: "${shortId(newest.id)}" on the claim to take that one`,
  isQuestion: false,
});
