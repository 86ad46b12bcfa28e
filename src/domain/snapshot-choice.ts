import { findAskedSnapshot, type NamedRequest } from './asked-snapshot.ts';
import {
  type ChoiceFacts,
  type ChoiceNote,
  type ChoiceStep,
  mayBeTooOld,
  perhapsNewer,
  wordsOf,
} from './choice-facts.ts';
import { chooseLatest } from './latest-snapshot.ts';
import { describeSnapshot, isNewer, newestOf, type SnapshotFacts } from './snapshot-facts.ts';

/**
 * Chooses the snapshot that a claim gets. A request that names one gets that one. `latest` is the newest that the ledger
 * vouches for, unless newer ones make that doubtful: then what cannot be worse is taken, or what is hardly older, with a
 * warning, or the claim waits for a person. Called without a comparison first; when the answer is `compareTrees`, compare
 * those two and call again.
 */
export function chooseSnapshot<T extends SnapshotFacts>(facts: ChoiceFacts<T>): ChoiceStep<T> {
  const { request } = facts;
  return request.kind === 'latest' ? chooseLatest(facts) : chooseAsked(facts, request);
}

function chooseAsked<T extends SnapshotFacts>(facts: ChoiceFacts<T>, request: NamedRequest): ChoiceStep<T> {
  const asked = findAskedSnapshot(facts.snapshots, request);
  if (asked.kind === 'noMatch') {
    return { kind: 'hold', reason: 'NoMatchingSnapshot', message: asked.message, isQuestion: false };
  }
  const { snapshot } = asked;
  const [damaged] = perhapsNewer(facts, snapshot);
  const isNewestGood = newestOf(wordsOf(facts.ledger).good)?.id === snapshot.id;
  if (damaged !== undefined && request.kind !== 'snapshot' && !isNewestGood) return mayBeTooOld(damaged, snapshot);
  const note = noteOnAsked(facts, snapshot);
  return { kind: 'chosen', snapshot, ...(note === undefined ? {} : { note }) };
}

function noteOnAsked<T extends SnapshotFacts>(
  { snapshots, ledger }: ChoiceFacts<T>,
  chosen: T,
): ChoiceNote | undefined {
  const { good, bad } = wordsOf(ledger);
  const standing = bad.get(chosen.id);
  const doubt = standing === undefined ? [] : [`The ledger calls it ${standing}.`];
  const goodIds = new Set(good.map((one) => one.id));
  const newer = newestOf(snapshots.filter((one) => goodIds.has(one.id) && isNewer(one, chosen)));
  const age =
    newer === undefined
      ? []
      : [
          `A newer good one is there, ${describeSnapshot(newer)}: as long as annotation rebound.dev/restore stays as it is, the older one comes back each time the claim is created.`,
        ];
  const sentences = [...doubt, ...age];
  if (sentences.length === 0) return undefined;
  return {
    kind: 'warning',
    message: [`Snapshot ${describeSnapshot(chosen)} was asked for.`, ...sentences].join(' '),
    ...(newer === undefined ? {} : { newerId: newer.id }),
  };
}
