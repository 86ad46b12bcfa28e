import fc from 'fast-check';
import type { Retention } from '../../src/api/backup-policy.ts';
import { type Command, perform } from './commands.ts';
import { type Violation, Watcher } from './invariants.ts';
import { answerHold, handOutNewVolumes, replaceUsedVolume, takeWrites, useOfferedVolumes } from './others-acts.ts';
import { remember } from './past.ts';
import { World, type WorldOptions } from './world.ts';

/** How things stand before anything happens. */
export interface Beginning extends WorldOptions {
  /** How many backups of the claim exist before it is first created. */
  readonly backups: number;
  /** Whether its counts are recorded, as restic does since 0.17. */
  readonly isCounted: boolean;
}

/** What a tier keeps. */
export const retention: fc.Arbitrary<Retention> = fc.record(
  { last: fc.integer({ min: 1, max: 3 }), hourly: fc.constantFrom(0, 2, 24), daily: fc.constantFrom(0, 2) },
  { requiredKeys: ['last'] },
);

export const beginning: fc.Arbitrary<Beginning> = fc.record({
  retention,
  volumeBindingMode: fc.constantFrom('Immediate', 'WaitForFirstConsumer'),
  backups: fc.nat({ max: 3 }),
  isCounted: fc.boolean(),
});

/** Rounds in which nothing goes wrong, more than any restore takes. */
const CALM_ROUNDS = 30;
/** After as many rounds without any change, nothing more will come. */
const STILL_ROUNDS = 2;
const HOUR_MILLISECONDS = 3_600_000;

function begin({ backups, isCounted, ...options }: Beginning): World {
  const world = new World(options);
  for (let age = backups; age > 0; age -= 1) {
    const content = { files: 61 - 10 * age, sizeBytes: 8_000_000, complete: true };
    world.truth.save(content, world.now() - age * HOUR_MILLISECONDS, isCounted);
  }
  if (backups > 0) remember(world);
  world.createClaim(backups > 0 ? 'restore' : 'fresh');
  return world;
}

/**
 * Whether there is nothing more to come, where a round has changed nothing. The rounds end all the same: a restore that only waits for its
 * next attempt is left over then.
 */
const isAtRest = ({ restore, now, isToldToRecreate }: World): boolean =>
  !isToldToRecreate && !(Date.parse(restore?.status?.nextAttemptTime ?? '') > now());

/** Faults end, and what the user had taken away is there again. Whoever has locked the repository has died since. */
async function calmDown(world: World, watcher: Watcher): Promise<void> {
  world.wait(HOUR_MILLISECONDS);
  world.destination.mood = 'answers';
  world.logs.isBroken = false;
  takeWrites(world);
  handOutNewVolumes(world);
  if (world.truth.newest === undefined) world.removeRecord();
  let stillRounds = 0;
  for (let round = 0; round < CALM_ROUNDS && stillRounds < STILL_ROUNDS; round += 1) {
    const { revision } = world.server;
    world.scale(world.claim?.metadata.deletionTimestamp === undefined ? 1 : 0);
    if (world.claim === undefined) world.createClaim('restore');
    // What the claim's events ask for where all snapshots are gone, or the volume is.
    if (round === CALM_ROUNDS / 2 && world.isToldToRecreate) world.recreateClaim();
    world.setLabel('hourly');
    answerHold(world);
    useOfferedVolumes(world);
    replaceUsedVolume(world);
    await world.calmRound();
    watcher.look();
    watcher.lookAtWaits();
    const isOver = world.server.revision === revision && isAtRest(world);
    stillRounds = isOver ? stillRounds + 1 : 0;
  }
  world.write((content) => ({ ...content, files: Math.max(content.files, 2) }));
  // The first may still be kept out by a lock.
  for (let backup = 0; backup < 2; backup += 1) {
    world.backUp('complete');
    watcher.look();
    await world.calmRound();
    watcher.look();
  }
}

/** What was seen to go wrong while things happened, and after they had come to rest. */
export async function watch(start: Beginning, happenings: readonly Command[]): Promise<readonly Violation[]> {
  const world = begin(start);
  const watcher = new Watcher(world);
  for (const happening of happenings) {
    await perform(world, happening);
    watcher.look();
  }
  await calmDown(world, watcher);
  watcher.lookAtTheEnd();
  return watcher.violations;
}
