import { API_GROUP } from '../../../src/api/group.ts';
import { RESTORE_ANNOTATION } from '../../../src/api/labels.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import { type PersistentVolumeClaim, persistentVolumes } from '../../../src/kube/model/built-in-kinds.ts';
import type { Content } from '#doubles/kube/cluster.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { dueNow, newestVouched } from './due.ts';
import type { Place, Places } from './places.ts';

/** Invariant by number (docs/invariants.md), or 0 for what is owed once all is well again. */
export interface Violation {
  readonly invariant: 0 | 1 | 2 | 10;
  readonly message: string;
}

/** In these a store says truly whether there is a backup, whatever else fails. */
const readableMoods = new Set(['answers', 'snapshotsFail', 'damaged', 'signsFail']);
/** In these another store answers, or one that was emptied. */
const otherMoods = new Set(['exchanged', 'emptied']);
/** For so long a destination passes for the right one without being looked at again (see StoredDestinationOptions). */
const TRUSTED_MILLISECONDS = 5_000;

/** What was due to a claim at any time since it was created. */
interface Owed {
  readonly places: Set<Place>;
  /** The newest one of each destination that was vouched for. */
  readonly newest: Set<TrueSnapshot>;
}

/** Looks on as a claim waits for one of several destinations, and says where an invariant did not hold. */
export class PlacesWatcher {
  readonly violations: Violation[] = [];
  readonly #places: Places;
  /** UIDs of restores that gave up on finding a backup. */
  readonly #blank = new Set<string>();
  readonly #given = new Set<string>();
  readonly #owed = new Map<string, Owed>();
  /** Since when another store, or an emptied one, answers for a destination. */
  readonly #exchangedAt = new Map<Place, number>();

  constructor(places: Places) {
    this.#places = places;
    places.world.onStep = () => this.look();
  }

  /** To be called after every step and happening. */
  look(): void {
    this.#noteExchanged();
    this.#checkCertainty();
    const { claim, server } = this.#places.world;
    if (claim?.spec.dataSourceRef?.apiGroup !== API_GROUP) return;
    const owed = this.#noteOwed(claim);
    for (const { metadata, spec } of server.list(persistentVolumes)) {
      if (spec.claimRef?.uid !== claim.metadata.uid || this.#given.has(metadata.name)) continue;
      this.#given.add(metadata.name);
      this.#checkGiven(claim, metadata.name, owed);
    }
  }

  #report(invariant: Violation['invariant'], message: string): void {
    if (!this.violations.some((one) => one.message === message)) this.violations.push({ invariant, message });
  }

  #noteExchanged(): void {
    for (const place of this.#places.all) {
      if (!otherMoods.has(place.destination.mood)) this.#exchangedAt.delete(place);
      else if (!this.#exchangedAt.has(place)) this.#exchangedAt.set(place, this.#places.world.now());
    }
  }

  /** Whether nobody need have seen yet that it is not the right store any more. */
  #isTrustedStill(place: Place): boolean {
    const exchangedAt = this.#exchangedAt.get(place);
    return exchangedAt !== undefined && this.#places.world.now() - exchangedAt <= TRUSTED_MILLISECONDS;
  }

  #noteOwed({ metadata }: PersistentVolumeClaim): Owed {
    const owed = this.#owed.get(metadata.uid) ?? { places: new Set(), newest: new Set() };
    this.#owed.set(metadata.uid, owed);
    // A backup elsewhere is chosen on a single look, which may be at a store that has just been exchanged or emptied.
    const seemsEmpty = (place: Place) => this.#isTrustedStill(place);
    for (const due of [dueNow(this.#places), dueNow(this.#places, seemsEmpty)])
      if (due.kind === 'restore') owed.places.add(due.place);
    for (const place of this.#places.all) {
      const newest = newestVouched(this.#places, place);
      if (newest !== undefined) owed.newest.add(newest);
    }
    return owed;
  }

  /** A restore takes "none" for true only while all that are to be asked say so, truly: it asks for longer than it trusts a store. */
  #checkCertainty(): void {
    for (const { metadata, status } of this.#places.world.server.list(volumeRestores)) {
      const uid = metadata.uid ?? '';
      if (status?.blank !== true || this.#blank.has(uid)) continue;
      this.#blank.add(uid);
      this.#checkNone('a restore gave up', () => false);
    }
  }

  /** @param isExcused whether it need not be known yet that a destination is not to be believed; what it truly holds counts even so. */
  #checkNone(what: string, isExcused: (place: Place) => boolean): void {
    const { own, all } = this.#places;
    for (const place of all.filter((one) => one === own || this.#places.isConsulted(one))) {
      const which = place === own ? "the tier's own destination" : 'another destination';
      const { mood } = place.destination;
      if (this.#places.isHolding(place)) this.#report(1, `${what}, though ${which} holds a backup`);
      if (!readableMoods.has(mood) && !isExcused(place)) this.#report(2, `${what}, though ${which} is ${mood}`);
    }
  }

  #checkGiven({ metadata }: PersistentVolumeClaim, volumeName: string, owed: Owed): void {
    const content = this.#places.world.cluster.contents.get(volumeName);
    if (content === undefined) return;
    if (content.files === 0) {
      // All said so for longer before. Right before the hand-over they are asked just once more.
      this.#checkNone('a claim was given a blank volume', (place) => this.#isTrustedStill(place));
      return;
    }
    const isAskedFor = metadata.annotations?.[RESTORE_ANNOTATION] !== undefined;
    const fault = this.#faultOf(content, owed, isAskedFor);
    if (fault !== undefined) this.#report(1, `a claim was given ${fault}`);
  }

  #faultOf(content: Content, { places, newest }: Owed, isAskedFor: boolean): string | undefined {
    if (!content.complete) return 'half of a restore';
    const holds = ({ truth }: Place) => truth.snapshots.find(({ id }) => id === content.snapshotId);
    const place = this.#places.all.find((one) => holds(one) !== undefined);
    const given = place && holds(place);
    // A backup has pruned it while it was brought back.
    if (place === undefined || given === undefined) return undefined;
    if (given.content.files !== content.files) return 'not what its snapshot holds';
    if (!places.has(place)) return `a backup of ${place.name}, which was not the one to restore from`;
    const isNewest = place.truth.snapshots.some((one) => newest.has(one) && isNoWorse(given, one));
    return isAskedFor || isNewest ? undefined : `a backup of ${place.name} that is not its newest good one`;
  }

  /** To be called when nothing has gone wrong for a while: the claim is bound, or says why not, and names the destinations. */
  lookAtTheEnd(): void {
    const { claim, restore } = this.#places.world;
    if (claim?.status?.phase === 'Bound') return;
    const { reason, message = '' } = restore?.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
    const due = dueNow(this.#places);
    if (due.kind !== 'wait') {
      this.#report(0, `the claim is not bound still, and says ${reason}: ${message}`);
      return;
    }
    if (reason !== 'BackupElsewhere') this.#report(10, `the claim waits for a person, and says ${reason}`);
    const unnamed = due.names.filter((name) => !message.includes(name));
    if (unnamed.length > 0) this.#report(10, `the claim waits, and does not name ${unnamed.join(', ')}: ${message}`);
  }
}

/** A newer one of which the ledger says nothing may come back where it lacks nothing: files are numbered, so more are all. */
const isNoWorse = (given: TrueSnapshot, good: TrueSnapshot): boolean =>
  given === good || (given.timeMilliseconds > good.timeMilliseconds && given.content.files >= good.content.files);
