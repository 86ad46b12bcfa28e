import fc from 'fast-check';
import { storeMoods, type StoreMood } from '#doubles/destinations/destination-double.ts';
import { restoreEnds, type RestoreEnd } from '#doubles/volsync/volsync.ts';
import { one, weighted } from '../weighted.ts';
import type { World } from '../world.ts';
import type { Places } from './places.ts';

/** What people do, how often compared with each other, and how. */
const acts = {
  write: [4, (_world: World, places: Places) => places.write()],
  createClaim: [3, (world: World) => (world.claim === undefined ? world.createClaim('restore') : undefined)],
  recreateClaim: [4, recreate],
  deleteClaim: [1, (world: World) => world.deleteClaim()],
  scaleUp: [3, (world: World) => world.scale(1)],
  scaleDown: [1, (world: World) => world.scale(0)],
} satisfies Readonly<Record<string, readonly [number, (world: World, places: Places) => unknown]>>;

type Act = keyof typeof acts;

/** Something that happens. `place`: which of the destinations, by its number. Where it makes no sense, nothing does. */
export type Command =
  | {
      readonly does: 'walk';
      readonly steps: number;
      readonly restore: RestoreEnd;
      readonly backup: 'complete' | 'error';
    }
  | { readonly does: 'act'; readonly act: Act }
  | { readonly does: 'restart' }
  | { readonly does: 'wait'; readonly milliseconds: number }
  | { readonly does: 'store'; readonly place: number; readonly mood: StoreMood }
  | { readonly does: 'consult'; readonly place: number; readonly consulted: boolean }
  | { readonly does: 'moveTier'; readonly place: number };

const act = one(...weighted(acts));
const place = fc.nat({ max: 2 });
const mood = one('answers', 'answers', 'answers', ...storeMoods);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      does: one('walk'),
      steps: fc.integer({ min: 1, max: 36 }),
      restore: one('complete', 'complete', 'complete', ...restoreEnds),
      backup: one('complete', 'complete', 'error'),
    }),
  },
  { weight: 16, arbitrary: fc.record({ does: one('act'), act }) },
  { weight: 2, arbitrary: fc.record({ does: one('restart') }) },
  { weight: 3, arbitrary: fc.record({ does: one('wait'), milliseconds: one(MINUTE, HOUR, 30 * HOUR, 720 * HOUR) }) },
  { weight: 12, arbitrary: fc.record({ does: one('store'), place, mood }) },
  { weight: 4, arbitrary: fc.record({ does: one('consult'), place, consulted: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ does: one('moveTier'), place }) },
);

/** Anything, in any order. */
export const commands = (maxLength: number): fc.Arbitrary<Command[]> => fc.array(command, { maxLength, size: 'max' });

/** Lets it happen. */
export async function perform(places: Places, happening: Command): Promise<void> {
  const { world } = places;
  switch (happening.does) {
    case 'walk':
      await world.walk(happening.steps, happening);
      break;
    case 'act':
      acts[happening.act][1](world, places);
      break;
    case 'restart':
      await world.restart();
      break;
    case 'wait':
      world.wait(happening.milliseconds);
      break;
    default:
      changeDestination(places, happening);
  }
  await world.rest();
}

function changeDestination(places: Places, happening: Extract<Command, { readonly place: number }>): void {
  const place = places.all[happening.place];
  if (place === undefined) return;
  switch (happening.does) {
    case 'store':
      place.destination.mood = happening.mood;
      break;
    case 'consult':
      places.setConsulted(place, happening.consulted);
      break;
    case 'moveTier':
      places.moveTier(place);
      break;
  }
}

/** The user deletes the claim with all that uses it, and creates it again at once; admission lets it wait. */
export function recreate(world: World): void {
  world.recreateAs(() => 'restore');
}
