import type { World } from './world.ts';

/** Time passes, and the controller looks: twice, as what it did the first time is news to it. */
export async function lookAfter(world: World, milliseconds: number): Promise<void> {
  world.wait(milliseconds);
  await world.look();
  await world.look();
}

/** A new claim is bound, and its application has written some files. */
export async function putInUse(world: World): Promise<void> {
  world.createClaim('fresh');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  world.write((before) => ({ ...before, files: 41, sizeBytes: 8_000_000, complete: true }));
}
