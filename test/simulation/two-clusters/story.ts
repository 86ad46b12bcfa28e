import fc from 'fast-check';
import { remember } from '../past.ts';
import { retention } from '../story.ts';
import type { World, WorldOptions } from '../world.ts';
import { type Command, perform } from './commands.ts';
import { Pair, type Which } from './pair.ts';
import { PairWatcher, type Violation } from './watcher.ts';

/** How things stand before anything happens, and who is left in the end. */
export interface Beginning extends WorldOptions {
  /** How many backups of the claim exist before it is first created. */
  readonly backups: number;
  /** Which of the clusters have the claim from the beginning. */
  readonly have: Which | 'both';
  /** A cluster that is gone for good in the end, with its controller and its engine. */
  readonly ended?: Which | undefined;
}

export const beginning: fc.Arbitrary<Beginning> = fc.record({
  retention,
  volumeBindingMode: fc.constantFrom('Immediate', 'WaitForFirstConsumer'),
  backups: fc.nat({ max: 2 }),
  have: fc.constantFrom('first', 'second', 'both', 'both'),
  ended: fc.constantFrom(undefined, undefined, 'first', 'second'),
});

const HOUR_MILLISECONDS = 3_600_000;
/** Rounds of both in which nothing goes wrong, more than a restore and a take-over take. */
const CALM_ROUNDS = 24;
/**
 * After so many each time, all of them back up at once: whoever was taken over sees it then, and who has no backup yet names itself. That may
 * be hours after the last good one, and nobody may then take over from whoever has just done so.
 */
const ROUNDS_PER_BACKUP = 6;

async function begin({ backups, have, ended: _ended, ...options }: Beginning): Promise<Pair> {
  const pair = new Pair(options);
  const { first } = pair;
  for (let age = backups; age > 0; age -= 1) {
    const content = { files: 41 - age, sizeBytes: 8_000_000, complete: true };
    first.truth.save(content, first.now() - age * HOUR_MILLISECONDS);
  }
  if (backups > 0) remember(first);
  for (const world of have === 'both' ? pair.worlds : [pair[have]]) {
    world.createClaim(backups > 0 ? 'restore' : 'fresh');
    world.scale(1);
    await world.calmRound();
    await world.calmRound();
    pair.write(world);
  }
  return pair;
}

/** Faults end, and what users had taken away is there again. */
async function calmDown(pair: Pair, present: readonly World[], watcher: PairWatcher): Promise<void> {
  pair.first.wait(HOUR_MILLISECONDS);
  pair.first.destination.mood = 'answers';
  pair.asleep.clear();
  for (const world of present) pair.giveKeys(world);
  for (let round = 1; round <= CALM_ROUNDS; round += 1) {
    for (const world of present) await calmRound(pair, world);
    watcher.look();
    if (round % ROUNDS_PER_BACKUP === 0) for (const world of present) world.backUp('complete');
  }
}

async function calmRound(pair: Pair, world: World): Promise<void> {
  world.scale(world.claim?.metadata.deletionTimestamp === undefined ? 1 : 0);
  if (world.claim === undefined) world.createClaim('restore');
  world.setLabel('hourly');
  answerHold(world);
  await world.calmRound();
  if (world.content?.files === 0) pair.write(world);
}

/** The user names the newest whole one where it is not certain which snapshot is right. */
function answerHold(world: World): void {
  const whole = world.truth.snapshots.findLast((one) => one.whole);
  if (world.restore?.status?.finding?.kind === 'Held') world.ask(whole?.id.slice(0, 12) ?? 'newest');
}

/** What was seen to go wrong while things happened, and after they had come to rest. */
export async function watch(start: Beginning, happenings: readonly Command[]): Promise<readonly Violation[]> {
  const pair = await begin(start);
  const watcher = new PairWatcher(pair);
  for (const happening of happenings) {
    await perform(pair, happening);
    watcher.look();
  }
  const present = pair.worlds.filter((world) => start.ended === undefined || world !== pair[start.ended]);
  await calmDown(pair, present, watcher);
  for (const world of present) {
    pair.write(world);
    world.backUp('complete');
  }
  for (let round = 0; round < 2; round += 1) for (const world of present) await calmRound(pair, world);
  watcher.look();
  watcher.lookAtTheNewest();
  watcher.lookAtTheEnd(present);
  return watcher.violations;
}
