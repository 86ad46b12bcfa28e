/** What a destination other than the tier's own said of a claim of which the tier's own holds nothing. */
export type ElsewhereAnswer =
  | { readonly kind: 'none'; readonly destination: string }
  | { readonly kind: 'unknown'; readonly destination: string; readonly reason: string; readonly message: string }
  | {
      readonly kind: 'exists';
      readonly destination: string;
      /** RFC 3339, as the ledger there says; absent when there is no record, so that nobody knows how old the backups are. */
      readonly lastGoodBackupTime?: string | undefined;
      /** True when another cluster that is alive writes this claim's backups there. */
      readonly foreignOwnerAlive: boolean;
    };

export interface ElsewhereFacts {
  /** The tier's own destination, which certainly holds no backup of the claim. */
  readonly own: string;
  readonly answers: readonly ElsewhereAnswer[];
  readonly nowMilliseconds: number;
}

export type ElsewhereDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'restore'; readonly destination: string }
  | { readonly kind: 'hold'; readonly reason: 'BackupElsewhere' | 'ElsewhereUnknown'; readonly message: string };

const DAY_MILLISECONDS = 86_400_000;
/** Older backups may be what somebody left behind on purpose: a person decides. */
const RESTORED_UNASKED_DAYS = 30;

type Existing = Extract<ElsewhereAnswer, { kind: 'exists' }>;

const cures = (own: string): string =>
  `Point the tier at the destination that is meant, or set spec.consulted: false on the BackupDestination that is not to be asked; ` +
  `to start blank in ${own}, create the claim again with annotation rebound.dev/restore: none`;

/** Why backups in another destination are not restored unasked; undefined when they are. */
const objection = (answer: Existing, nowMilliseconds: number): string | undefined => {
  if (answer.foreignOwnerAlive) return 'are written by another cluster, which is alive';
  if (answer.lastGoodBackupTime === undefined) return 'are of an age that no ledger record tells';
  const ageDays = (nowMilliseconds - Date.parse(answer.lastGoodBackupTime)) / DAY_MILLISECONDS;
  return ageDays < RESTORED_UNASKED_DAYS
    ? undefined
    : `are of ${answer.lastGoodBackupTime}, ${Math.floor(ageDays)} days old`;
};

const hold = (reason: 'BackupElsewhere' | 'ElsewhereUnknown', message: string): ElsewhereDecision => ({
  kind: 'hold',
  reason,
  message,
});

/**
 * Decides on a claim of which its tier's own destination holds no backup, by what all others said. Only when every one
 * of them is certain does "none" count. One that holds a backup is restored from if it is the only one, its last good
 * backup is not old, and no living cluster but this one owns it.
 */
export function decideElsewhere({ own, answers, nowMilliseconds }: ElsewhereFacts): ElsewhereDecision {
  const unknown = answers.find((answer) => answer.kind === 'unknown');
  if (unknown !== undefined) {
    const { destination, reason, message } = unknown;
    return hold(
      'ElsewhereUnknown',
      `destination ${own} holds no backup of this claim, but whether ${destination} does is not known: ${reason}: ${message.replace(/\.$/, '')}. If ${destination} is gone for good, set spec.consulted: false on its BackupDestination, or delete it`,
    );
  }
  const existing = answers.filter((answer) => answer.kind === 'exists');
  const [first, second] = existing;
  if (first === undefined) return { kind: 'none' };
  if (second !== undefined) {
    const names = existing.map(({ destination }) => destination).join(' and ');
    return hold(
      'BackupElsewhere',
      `destination ${own} holds no backup of this claim, but ${names} do, and which of them is meant is unclear. ${cures(own)}`,
    );
  }
  const why = objection(first, nowMilliseconds);
  if (why === undefined) return { kind: 'restore', destination: first.destination };
  return hold(
    'BackupElsewhere',
    `destination ${own} holds no backup of this claim, but ${first.destination} does, and those ${why}. ${cures(own)}`,
  );
}
