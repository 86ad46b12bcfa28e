import {
  type ChoiceFacts,
  type ChoiceNote,
  type ChoiceStep,
  mayBeTooOld,
  perhapsNewer,
  stepMilliseconds,
  wordsOf,
} from './choice-facts.ts';
import { describeSnapshot, isNewer, newestOf, shortId, type SnapshotFacts } from './snapshot-facts.ts';

const question = <T extends SnapshotFacts>(reason: string, message: string, newer?: SnapshotFacts): ChoiceStep<T> => ({
  kind: 'hold',
  reason,
  message,
  isQuestion: true,
  ...(newer === undefined ? {} : { newerId: newer.id }),
});

const howToTake = (...ids: readonly string[]): string =>
  `To choose, set annotation rebound.dev/restore on the claim: ${ids.map((id) => `"${shortId(id)}"`).join(', ')}, or "newest"`;

/** What there is, sorted by what is known of it. Of all but `newest` only what is newer than the newest good one. */
interface Standing<T extends SnapshotFacts> {
  readonly newest: T;
  readonly good: T;
  readonly bad: readonly T[];
  readonly unvouched: readonly T[];
  /** Good by the ledger, and not to be read in the repository. */
  readonly missing: readonly SnapshotFacts[];
}

/**
 * Chooses the newest snapshot that the ledger vouches for, unless newer ones make that doubtful: then what cannot be worse
 * is taken, or what is hardly older, with a warning, or the claim waits for a person.
 */
export function chooseLatest<T extends SnapshotFacts>(facts: ChoiceFacts<T>): ChoiceStep<T> {
  const { ledger, snapshots } = facts;
  const newest = newestOf(snapshots);
  if (ledger.kind === 'unreadable') {
    return { kind: 'hold', reason: ledger.reason, message: ledger.message, isQuestion: false };
  }
  if (newest === undefined) {
    return {
      kind: 'hold',
      reason: 'NoMatchingSnapshot',
      message: 'the repository holds no snapshot',
      isQuestion: false,
    };
  }
  const words = wordsOf(ledger);
  const goodIds = new Set(words.good.map((one) => one.id));
  const isGood = ({ id }: T): boolean => !words.bad.has(id) && (goodIds.has(id) || facts.unvouched === 'Take');
  const good = newestOf(snapshots.filter(isGood));
  const [damaged] = perhapsNewer(facts, good ?? newest);
  if (good === undefined) return damaged === undefined ? nothingGood(facts, newest) : mayBeTooOld(damaged, newest);
  const listed = new Set(snapshots.map((one) => one.id));
  const newer = snapshots.filter((one) => isNewer(one, good));
  const missing = words.good.filter((one) => !listed.has(one.id) && !words.bad.has(one.id) && isNewer(one, good));
  if (damaged !== undefined && missing.some(({ id }) => facts.damaged.some((one) => one.id === id))) {
    return mayBeTooOld(damaged, good);
  }
  const isBad = ({ id }: T): boolean => words.bad.has(id);
  const bad = newer.filter(isBad);
  const unvouched = newer.filter((one) => !isBad(one));
  const step = weigh(facts, { newest, good, bad, unvouched, missing });
  return damaged === undefined ? step : withDamage(step, damaged, goodIds);
}

/** A damaged one of unknown age beside a choice: told, and only where the ledger knows the choice. */
function withDamage<T extends SnapshotFacts>(
  step: ChoiceStep<T>,
  damaged: { readonly id: string; readonly message: string },
  goodIds: ReadonlySet<string>,
): ChoiceStep<T> {
  if (step.kind !== 'chosen') return step;
  const { snapshot, note } = step;
  if (!goodIds.has(snapshot.id)) return mayBeTooOld(damaged, snapshot);
  return note?.kind === 'OlderRestored'
    ? step
    : olderRestored(snapshot, `${damaged.message}, and it may be newer`, { ...damaged, isReadable: false });
}

function nothingGood<T extends SnapshotFacts>({ ledger }: ChoiceFacts<T>, newest: T): ChoiceStep<T> {
  const remembered = newestOf(wordsOf(ledger).good);
  if (remembered !== undefined) {
    return question(
      'GoodSnapshotMissing',
      `the ledger remembers good snapshot ${describeSnapshot(remembered)}, but neither it nor any other good one is in the repository; the newest there is ${describeSnapshot(newest)}. ` +
        `Bring the repository back, or choose. ${howToTake(newest.id)}`,
      newest,
    );
  }
  const why = {
    record: 'the ledger calls no snapshot good',
    absent: 'the ledger has no record of this claim, so no run is known to have ended whole',
    corrupt: 'the ledger record of this claim cannot be understood, nor is there a copy of it that can',
    unreadable: 'the ledger could not be read',
  }[ledger.kind];
  return question(
    'UnvouchedSnapshot',
    `${why}; the newest snapshot, ${describeSnapshot(newest)}, may lack what its run could not read. ${howToTake(newest.id)}`,
    newest,
  );
}

const isNear = <T extends SnapshotFacts>(facts: ChoiceFacts<T>, newer: SnapshotFacts, chosen: T): boolean =>
  newer.timeMilliseconds - chosen.timeMilliseconds <= stepMilliseconds(facts.intervalSeconds);

/** The table of what is restored where something is newer than the newest good snapshot. */
function weigh<T extends SnapshotFacts>(facts: ChoiceFacts<T>, standing: Standing<T>): ChoiceStep<T> {
  const { newest, good, bad, unvouched, missing } = standing;
  const lost = newestOf(missing);
  if (lost !== undefined && !isNear(facts, lost, good)) return lostGood(standing, lost);
  const newer = newestOf<SnapshotFacts>([...bad, ...unvouched, ...missing]);
  if (newer === undefined) return { kind: 'chosen', snapshot: good, ...unvouchedNote(facts, good) };
  const better = weighUnvouched(facts, standing);
  if (better !== undefined) return better;
  if (isNear(facts, newer, good) && unvouched.length <= 1) return older(facts, good, newer);
  const reason = unvouched.length > 0 ? 'UnvouchedSnapshot' : 'NewerSnapshotsBad';
  const message = `the newest snapshot that the ledger calls good is ${describeSnapshot(good)}; ${saysOf(facts, newer)}. ${howToTake(good.id, newest.id)}`;
  return question(reason, message, newer);
}

/** The newest unvouched one, where the trees show that it cannot be worse than the newest good one. */
function weighUnvouched<T extends SnapshotFacts>(
  facts: ChoiceFacts<T>,
  { good, bad, unvouched, missing }: Standing<T>,
): ChoiceStep<T> | undefined {
  const newest = newestOf(unvouched);
  if (newest === undefined) return undefined;
  const { comparison } = facts;
  if (comparison?.vouchedId !== good.id || comparison.unvouchedId !== newest.id) {
    return { kind: 'compareTrees', vouched: good, unvouched: newest };
  }
  if (comparison.answer !== 'lacksNothing') return undefined;
  const later = newestOf<SnapshotFacts>([...bad, ...missing].filter((one) => isNewer(one, newest)));
  if (later === undefined) return unvouchedButWhole(newest, good);
  return isNear(facts, later, newest) ? older(facts, newest, later) : undefined;
}

const older = <T extends SnapshotFacts>(facts: ChoiceFacts<T>, chosen: T, newer: SnapshotFacts): ChoiceStep<T> =>
  olderRestored(chosen, saysOf(facts, newer), { id: newer.id, isReadable: isListed(facts, newer) });

const isListed = <T extends SnapshotFacts>({ snapshots }: ChoiceFacts<T>, one: SnapshotFacts): boolean =>
  snapshots.some(({ id }) => id === one.id);

/** Why a newer snapshot is not taken. */
function saysOf<T extends SnapshotFacts>(facts: ChoiceFacts<T>, newer: SnapshotFacts): string {
  const { ledger, comparison } = facts;
  const what = `newer snapshot ${describeSnapshot(newer)}`;
  switch (wordsOf(ledger).bad.get(newer.id)) {
    case 'partial':
      return `${what} is partial: its run could not read everything`;
    case 'collapsed':
      return `${what} holds much less than there was, and nobody has said that this is right`;
    case undefined:
      break;
  }
  if (!isListed(facts, newer)) return `${what}, which the ledger calls good, is not in the repository`;
  const isCompared = comparison?.unvouchedId === newer.id && comparison.answer === 'lacksSome';
  const lack = comparison?.lackedPath === undefined ? 'files that the good one has' : comparison.lackedPath;
  return isCompared
    ? `the ledger says nothing of ${what}, and it lacks ${lack}`
    : `the ledger says nothing of ${what}, and whether it is whole could not be found out`;
}

const lostGood = <T extends SnapshotFacts>({ good, newest }: Standing<T>, lost: SnapshotFacts): ChoiceStep<T> =>
  question(
    'GoodSnapshotMissing',
    `the ledger remembers good snapshot ${describeSnapshot(lost)}, but it is not in the repository; the newest good one there is ${describeSnapshot(good)}, much older. ` +
      `Bring the repository back, or choose. ${howToTake(...new Set([good.id, newest.id]))}`,
    lost,
  );

const olderRestored = <T extends SnapshotFacts>(
  snapshot: T,
  why: string,
  newer: { readonly id: string; readonly isReadable: boolean },
): ChoiceStep<T> => ({
  kind: 'chosen',
  snapshot,
  note: {
    kind: 'OlderRestored',
    message: [
      `Snapshot ${describeSnapshot(snapshot)} is restored although there was a newer one: ${why}.`,
      `No snapshot is removed until annotation rebound.dev/accept-restore: "${shortId(snapshot.id)}" on the claim says that this is right.`,
      newer.isReadable
        ? `To get ${shortId(newer.id)} instead, create the claim again with annotation rebound.dev/restore: "${shortId(newer.id)}".`
        : `To get ${shortId(newer.id)} instead, mend the repository, then create the claim again.`,
    ].join(' '),
    newerId: newer.id,
  },
});

const unvouchedButWhole = <T extends SnapshotFacts>(snapshot: T, good: T): ChoiceStep<T> => ({
  kind: 'chosen',
  snapshot,
  note: {
    kind: 'notice',
    message: `The ledger says nothing of snapshot ${describeSnapshot(snapshot)}, but it lacks nothing that good snapshot ${describeSnapshot(good)} has.`,
  },
});

/** Only a policy lets a snapshot through that nothing vouches for. */
function unvouchedNote<T extends SnapshotFacts>({ ledger }: ChoiceFacts<T>, chosen: T): { readonly note?: ChoiceNote } {
  if (wordsOf(ledger).good.some(({ id }) => id === chosen.id)) return {};
  const message = `The ledger says nothing of snapshot ${describeSnapshot(chosen)}, and it may lack what its run could not read. It is restored because the BackupPolicy says spec.restore.unvouched: Take.`;
  return { note: { kind: 'warning', message } };
}
