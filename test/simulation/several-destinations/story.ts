import fc from 'fast-check';
import type { World, WorldOptions } from '../world.ts';
import { type Command, perform, recreate } from './commands.ts';
import { type PlaceBeginning, type PlaceName, Places } from './places.ts';
import { PlacesWatcher, type Violation } from './watcher.ts';

/** How things stand before anything happens. */
export interface Beginning extends WorldOptions {
  readonly places: Readonly<Record<PlaceName, PlaceBeginning | undefined>>;
}

/** Some are younger than 30 days, and some older. */
const ageHours = fc.constantFrom(1, 30, 29 * 24, 31 * 24, 90 * 24);

const place: fc.Arbitrary<PlaceBeginning> = fc.record({
  agesHours: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.uniqueArray(ageHours, { maxLength: 2 })),
  isRemembered: fc.constantFrom(true, true, true, false),
  isPinned: fc.boolean(),
  consulted: fc.constantFrom(true, true, true, false),
});

export const beginning: fc.Arbitrary<Beginning> = fc.record({
  volumeBindingMode: fc.constantFrom('Immediate', 'WaitForFirstConsumer'),
  places: fc.record({ default: place, moved: place, archive: fc.option(place, { nil: undefined }) }),
});

const HOUR_MILLISECONDS = 3_600_000;
/** Rounds in which nothing goes wrong, more than any restore takes. */
const CALM_ROUNDS = 24;

/** Faults end, and what the user had taken away is there again. */
async function calmDown(places: Places, watcher: PlacesWatcher): Promise<void> {
  const { world } = places;
  world.wait(HOUR_MILLISECONDS);
  for (const { destination } of places.all) destination.mood = 'answers';
  for (let round = 0; round < CALM_ROUNDS && world.claim?.status?.phase !== 'Bound'; round += 1) {
    followEvents(world);
    // The destination that it was found in may be one that is not to be consulted by now.
    if (round === CALM_ROUNDS / 2 && world.isToldToRecreate) recreate(world);
    await world.calmRound();
    watcher.look();
  }
}

/** The user has an application with its claim, and chooses where it is not certain which snapshot is right. */
function followEvents(world: World): void {
  world.scale(world.claim?.metadata.deletionTimestamp === undefined ? 1 : 0);
  if (world.claim === undefined) world.createClaim('restore');
  if (world.restore?.status?.finding?.kind === 'Held') world.ask('newest');
}

/** What was seen to go wrong while things happened, and after they had come to rest. */
export async function watch(start: Beginning, happenings: readonly Command[]): Promise<readonly Violation[]> {
  const { places: beginnings, ...options } = start;
  const places = new Places(options, beginnings);
  const watcher = new PlacesWatcher(places);
  places.world.createClaim('restore');
  for (const happening of happenings) {
    await perform(places, happening);
    watcher.look();
  }
  await calmDown(places, watcher);
  watcher.lookAtTheEnd();
  return watcher.violations;
}
