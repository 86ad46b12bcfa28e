import type { BackupDestinationStatus } from '../../api/backup-destination.ts';
import { moverLimits, SETTINGS_NAME } from '../../api/rebound-settings.ts';
import { type QueueLimits, WorkCount } from '../../domain/queue/limits.ts';
import type { MoverTask, QueuedMover, WaitingMover } from '../../domain/queue/mover.ts';
import { placeInWords, TOLD_PLACES } from '../../domain/queue/place-in-words.ts';
import { planQueue, type QueuePlan } from '../../domain/queue/plan-queue.ts';
import type { Turn, Wish } from '../mover-turn.ts';
import type { Stores } from '../stores.ts';
import { Reservations } from './reservations.ts';
import { moverId, queuedMoversAtWork } from './working.ts';

/** Who is told its very place is looked at as often; whoever may begin is woken besides. */
const LOOK_MILLISECONDS = 10_000;
const FAR_LOOK_MILLISECONDS = 2 * 60_000;
/** The longer a queue, the less often it is put in order where nothing but places depends on it. */
const SHORT_QUEUE = 100;
const PLAN_MILLISECONDS_EACH = 10;

export type DestinationStanding = NonNullable<BackupDestinationStatus['movers']>;

/**
 * Who may begin a mover of our own, cluster-wide. Kept in memory: what works is read from the local copies, what waits asks again, also
 * after a restart. Answers at once, and keeps the place that it has given away.
 */
export class MoverQueue {
  readonly #stores: Stores;
  readonly #now: () => number;
  readonly #waiting = new Map<string, WaitingMover & { readonly key: string }>();
  readonly #asked = new Set<string>();
  readonly #reservations = new Reservations();
  readonly #lastServed = new Map<string, number>();
  readonly #followers = new Map<MoverTask, (key: string) => void>();
  #plan: { readonly plan: QueuePlan; readonly atMilliseconds: number } | undefined;

  constructor({ stores, now }: { readonly stores: Stores; readonly now: () => number }) {
    this.#stores = stores;
    this.#now = now;
  }

  /** Asks whether a mover may begin now. It may where one of this task works for the claim already: that goes on. */
  ask(wish: Wish): Turn {
    const wishKey = keyOf(wish.task, wish.key);
    const mover = this.#moverOf(wish, this.#waiting.get(wishKey));
    this.#asked.add(wishKey);
    const shown = queuedMoversAtWork(this.#stores, this.#now());
    const working = this.#reservations.with(shown, this.#now());
    if (working.has(mover.id)) return this.#give(mover, wishKey, shown);
    this.#waiting.set(wishKey, { ...mover, key: wish.key });
    const mayFit = mover.heldBecause === undefined && this.#count(working).obstacle(mover) === undefined;
    const plan = this.#planned(working, mayFit);
    return plan.begin.includes(mover.id) ? this.#give(mover, wishKey, shown) : waitOf(plan, mover.id);
  }

  /** The mover that was to begin does not: the place is another's. */
  giveBack(task: MoverTask, claimUid: string): void {
    if (this.#reservations.release(moverId(task, claimUid))) this.announce();
  }

  /** Runs a controller's look at a key: what it does not ask for any more waits no longer. */
  async whileLooking<T>(task: MoverTask, key: string, look: () => Promise<T>): Promise<T> {
    const wishKey = keyOf(task, key);
    this.#asked.delete(wishKey);
    this.#notice();
    this.#reservations.beginLook(wishKey);
    try {
      return await look();
    } finally {
      const hasAsked = this.#asked.delete(wishKey);
      this.#reservations.endLook(wishKey, hasAsked ? this.#now() : undefined);
      if (!hasAsked && this.#waiting.delete(wishKey)) this.announce();
    }
  }

  /** Calls back with the keys of those whose turn has come. The returned function ends it. */
  follow(task: MoverTask, wake: (key: string) => void): () => void {
    this.#followers.set(task, wake);
    return () => this.#followers.delete(task);
  }

  /** How many movers work with a destination, and wait for their turn; `waitsFor`: a clause, of the first of these. */
  standingOf(destination: string): DestinationStanding {
    const working = this.#working();
    const waiting = [...this.#waiting.values()].filter((one) => one.destination === destination);
    const { places } = this.#planned(working, false);
    const [first] = waiting
      .map(({ id }) => places.get(id))
      .filter((place) => place !== undefined)
      .toSorted((one, other) => one.place - other.place);
    const running = [...working.values()].filter((one) => one.destination === destination).length;
    return { running, waiting: waiting.length, ...(first === undefined ? {} : { waitsFor: first.waitsFor }) };
  }

  /** Something has ended, or was set otherwise: wakes those whose turn has come by that, of one task if it is given. */
  announce(task?: MoverTask): void {
    this.#notice();
    const waiting = [...this.#waiting.values()].filter((one) => task === undefined || one.task === task);
    if (waiting.length === 0) return;
    const working = this.#working();
    const count = this.#count(working);
    if (!waiting.some((one) => one.heldBecause === undefined && count.obstacle(one) === undefined)) return;
    const begin = new Set(this.#planned(working, true).begin);
    for (const one of waiting) if (begin.has(one.id)) this.#followers.get(one.task)?.(one.key);
  }

  /** Who was promised a place and is seen to have it needs the promise no more: once it has ended, the place is free. */
  #notice(): void {
    if (!this.#reservations.isEmpty) this.#working();
  }

  #working(): ReadonlyMap<string, QueuedMover> {
    const now = this.#now();
    return this.#reservations.with(queuedMoversAtWork(this.#stores, now), now);
  }

  #count(working: ReadonlyMap<string, QueuedMover>): WorkCount {
    return new WorkCount(this.#limits(), working.values());
  }

  #limits(): QueueLimits {
    const settings = this.#stores.settings.list().find(({ metadata }) => metadata.name === SETTINGS_NAME);
    const destinations = this.#stores.destinations
      .list()
      .flatMap(({ metadata, spec }): [string, number][] =>
        spec.limits?.movers === undefined ? [] : [[metadata.name, spec.limits.movers]],
      );
    return { cluster: settings?.spec.limits ?? moverLimits.parse({}), destinations: new Map(destinations) };
  }

  #moverOf({ task, claim, ...wish }: Wish, known: WaitingMover | undefined): WaitingMover {
    const id = moverId(task, claim.uid);
    const { destination, cause, isFirst = false, priority = 0, heldBecause } = wish;
    const knownSince = known?.id === id ? known.sinceMilliseconds : Number.POSITIVE_INFINITY;
    const sinceMilliseconds = Math.min(wish.sinceMilliseconds, knownSince);
    const { namespace } = claim;
    return { id, task, namespace, destination, cause, isFirst, priority, heldBecause, sinceMilliseconds };
  }

  #give(mover: WaitingMover, wishKey: string, shown: ReadonlyMap<string, QueuedMover>): Turn {
    const now = this.#now();
    const { id, task, namespace, destination, isFirst } = mover;
    const isNew = !this.#reservations.has(id) && !shown.has(id);
    if (isNew) this.#lastServed.set(`${task} ${namespace}`, now);
    this.#reservations.reserve({ id, task, namespace, destination, isFirst }, wishKey, { isShown: shown.has(id), now });
    this.#waiting.delete(wishKey);
    return { kind: 'begin' };
  }

  /** @param isDecisive whether anybody may begin by it. */
  #planned(working: ReadonlyMap<string, QueuedMover>, isDecisive: boolean): QueuePlan {
    const now = this.#now();
    const ageMilliseconds = now - (this.#plan?.atMilliseconds ?? Number.NEGATIVE_INFINITY);
    const { size } = this.#waiting;
    const isFresh = size > SHORT_QUEUE && ageMilliseconds >= 0 && ageMilliseconds < size * PLAN_MILLISECONDS_EACH;
    if (this.#plan !== undefined && !isDecisive && isFresh) return this.#plan.plan;
    const plan = planQueue({
      working: working.values(),
      waiting: [...this.#waiting.values()],
      limits: this.#limits(),
      lastServed: this.#lastServed,
      nowMilliseconds: now,
    });
    this.#plan = { plan, atMilliseconds: now };
    return plan;
  }
}

const keyOf = (task: MoverTask, key: string): string => `${task} ${key}`;

function waitOf({ places }: QueuePlan, id: string): Turn {
  const place = places.get(id);
  const words = place === undefined ? 'others come before it' : placeInWords(place);
  const isNear = place !== undefined && place.place <= TOLD_PLACES;
  return {
    kind: 'wait',
    message: `It waits for its turn: ${words}.`,
    lookAgainMilliseconds: isNear ? LOOK_MILLISECONDS : FAR_LOOK_MILLISECONDS,
  };
}
