import { rfc3339 } from '../time/rfc3339.ts';

/** A cluster that wrote no sign of life for so long, by the store's own clock, is taken for dead. */
export const SILENT_MILLISECONDS = 10 * 60_000;

/** An owner that has had no good backup for so many of the tier's intervals has lost the claim. */
const INTERVALS_WITHOUT_BACKUP = 2.5;

/** What a destination says of a cluster's life. */
export type SignOfLife =
  | { readonly kind: 'seen'; readonly ageMilliseconds: number; readonly timeMilliseconds: number }
  /** The store answered for certain that there is none. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly message: string };

/** What decides which of several clusters with one destination may write a claim's backups. */
export interface OwnershipFacts {
  /** UID of the namespace kube-system. */
  readonly clusterUid: string;
  /** Who the ledger says may write; absent when nobody has written yet, or only a release that knew no owners. */
  readonly owner?: { readonly clusterUid: string; readonly releasedAt?: string | undefined } | undefined;
  /** Of the owner. Not looked at when this cluster is the owner. */
  readonly signOfLife: SignOfLife;
  /** Of the owner's last good backup; absent when there is none. */
  readonly lastGoodAgeMilliseconds?: number | undefined;
  /** For how long the owner has been the owner; absent where that is not told. */
  readonly ownedMilliseconds?: number | undefined;
  readonly intervalMilliseconds: number;
  /** What {@link unansweredTakeOver} says. */
  readonly takeOver?: string | undefined;
}

/** The annotation rebound.dev/take-over, which stays on a claim when it has been carried out. */
export interface TakeOverRequest {
  /** Its value. */
  readonly asked: string | undefined;
  /** The value that was there when this cluster last wrote the claim's backups, see {@link answeredTakeOver}. */
  readonly answered: string | undefined;
}

/**
 * The UID of the cluster to take over from, if that is still to be done. A request counts once: two clusters whose users asked in turn would
 * otherwise take over from each other for ever.
 */
export const unansweredTakeOver = ({ asked, answered }: TakeOverRequest): string | undefined =>
  asked === answered ? undefined : asked;

/** The value that needs no answer any more, as it is to be remembered: until the user changes it. */
export const answeredTakeOver = ({ asked, answered }: TakeOverRequest, isOurs: boolean): string | undefined =>
  isOurs || asked === answered ? asked : undefined;

export type Ownership =
  /** This cluster writes already, or nobody does. */
  | { readonly kind: 'ours' }
  /** This cluster may write from now on, in the owner's place. */
  | { readonly kind: 'takeOver'; readonly message: string }
  /** The owner lives, or may live: this cluster reads only. */
  | { readonly kind: 'foreign'; readonly owner: string; readonly message: string };

type Rule = (facts: OwnershipFacts, owner: string) => Ownership | undefined;

const takeOver = (message: string): Ownership => ({ kind: 'takeOver', message });

const released: Rule = ({ owner }, uid) =>
  owner?.releasedAt === undefined ? undefined : takeOver(`cluster ${uid} gave the claim up at ${owner.releasedAt}`);

const askedFor: Rule = ({ takeOver: asked }, uid) =>
  asked === uid ? takeOver(`annotation rebound.dev/take-over names cluster ${uid}`) : undefined;

const silent: Rule = ({ signOfLife }, uid) => {
  if (signOfLife.kind === 'absent') return takeOver(`cluster ${uid} shows no sign of life in the destination`);
  if (signOfLife.kind === 'unknown' || signOfLife.ageMilliseconds < SILENT_MILLISECONDS) return undefined;
  return takeOver(`cluster ${uid} was last heard of at ${rfc3339(signOfLife.timeMilliseconds)}`);
};

/**
 * Who has just become the owner has its time for a first good backup: two living clusters would otherwise take over from each other again and
 * again, and nothing would vouch for what either of them saves.
 */
const withoutBackup: Rule = ({ lastGoodAgeMilliseconds: age, ownedMilliseconds, intervalMilliseconds }, uid) => {
  const limit = INTERVALS_WITHOUT_BACKUP * intervalMilliseconds;
  if (age === undefined || Math.min(age, ownedMilliseconds ?? age) <= limit) return undefined;
  return takeOver(`cluster ${uid} lives, but its last good backup of this claim is ${hours(age)} hours old`);
};

const hours = (milliseconds: number): string => (milliseconds / 3_600_000).toFixed(1);

const foreign = ({ signOfLife }: OwnershipFacts, uid: string): Ownership => ({
  kind: 'foreign',
  owner: uid,
  message:
    signOfLife.kind === 'unknown'
      ? `the backups of this claim belong to cluster ${uid}, and whether it lives is not known (${signOfLife.message})`
      : `the backups of this claim belong to cluster ${uid}, which lives`,
});

const chain: readonly Rule[] = [released, askedFor, silent, withoutBackup];

/**
 * Says whether this cluster may write a claim's backups. Two clusters that write into one repository would prune each
 * other's snapshots and restore each other's data, so there is one owner, and a living one is left alone.
 */
export function decideOwnership(facts: OwnershipFacts): Ownership {
  const { owner, clusterUid } = facts;
  if (owner === undefined || owner.clusterUid === clusterUid) return { kind: 'ours' };
  for (const rule of chain) {
    const ownership = rule(facts, owner.clusterUid);
    if (ownership !== undefined) return ownership;
  }
  return foreign(facts, owner.clusterUid);
}
