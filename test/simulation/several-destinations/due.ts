import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import type { Place, Places } from './places.ts';

const UNASKED_MILLISECONDS = 30 * 86_400_000;

/** What is due to a claim that waits: a backup of one destination, nothing, or a person's word. */
export type Due =
  | { readonly kind: 'restore'; readonly place: Place }
  | { readonly kind: 'none' }
  /** `names`: the destinations that its message has to name. */
  | { readonly kind: 'wait'; readonly names: readonly string[] };

/**
 * By the rules of docs/decisions/0010-none-is-the-word-of-all-destinations.md, and by what the stores truly hold.
 *
 * @param seemsEmpty the destinations that say they hold nothing, whatever they hold.
 */
export function dueNow(places: Places, seemsEmpty: (place: Place) => boolean = () => false): Due {
  const { own } = places;
  const isHolding = (one: Place) => places.isHolding(one) && !seemsEmpty(one);
  if (isHolding(own)) return { kind: 'restore', place: own };
  const others = places.all.filter((one) => one !== own && places.isConsulted(one));
  const [first, ...more] = others.filter(isHolding);
  if (first === undefined) return { kind: 'none' };
  const names = [own, first, ...more].map(({ name }) => name);
  if (more.length > 0 || !isYoung(places, first)) return { kind: 'wait', names };
  return { kind: 'restore', place: first };
}

function isYoung(places: Places, place: Place): boolean {
  const time = places.recordOf(place)?.lastGoodBackup?.time;
  return time !== undefined && places.world.now() - Date.parse(time) < UNASKED_MILLISECONDS;
}

/** The newest one that the ledger of a destination calls good. */
export function newestVouched(places: Places, place: Place): TrueSnapshot | undefined {
  const { lastGoodBackup, history = [], runs = [] } = places.recordOf(place) ?? {};
  const good = [lastGoodBackup, ...history, ...runs.filter(({ result }) => result === 'good')];
  const ids = new Set(good.map((one) => one?.snapshotId));
  return place.truth.snapshots.findLast(({ id }) => ids.has(id));
}
