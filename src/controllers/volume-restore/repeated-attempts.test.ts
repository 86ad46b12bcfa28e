import { expect, it } from 'vitest';
import { pods } from '../../kube/model/built-in-kinds.ts';
import { remember } from '#simulation/past.ts';
import { World } from '#simulation/world.ts';

const isMoverRunning = ({ server, attempts }: World): boolean =>
  attempts.length > 0 && server.list(pods).some((pod) => pod.status?.phase === 'Running');

/** Lets the present attempt bring back half of the snapshot. */
async function endHalfWay(world: World): Promise<void> {
  await world.until(isMoverRunning);
  await world.look();
  world.engine.endMovers('half');
  await world.look();
  world.engine.report();
  await world.look();
}

it('waits longer after each restore that was not accepted, whatever process goes on with it', async () => {
  const world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  world.createClaim('restore');
  await endHalfWay(world);
  await endHalfWay(world);
  expect(world.restore?.status?.attempts).toBe(3);
  await world.restart();
  await world.look();
  await world.look();
  expect(world.attempts).toEqual([]);
  world.wait(30_000);
  await world.look();
  expect(world.attempts).toHaveLength(1);
});
