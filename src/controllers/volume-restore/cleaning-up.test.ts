import { beforeEach, describe, expect, it } from 'vitest';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { pods, secrets } from '../../kube/model/built-in-kinds.ts';
import { deleteAttempts } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;

let world: World;

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const isMoverRunning = ({ server, attempts }: World): boolean =>
  attempts.length > 0 && server.list(pods).some((pod) => pod.status?.phase === 'Running');
/** Secrets of the claim's namespace but for the schedule's. */
const secretsLeft = (): string[] =>
  world.server
    .list(secrets)
    .filter(
      ({ metadata }) => metadata.namespace === NAMESPACE && metadata.ownerReferences?.[0]?.kind === 'VolumeRestore',
    )
    .map(({ metadata }) => metadata.name);

describe('what an attempt to restore has made', () => {
  beforeEach(async () => {
    world = new World();
    world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    expect(secretsLeft()).toHaveLength(1);
  });

  it.each([
    ['its engine object', () => deleteAttempts(world)],
    ['its Secret', () => secretsLeft().forEach((name) => world.server.delete(secrets, { namespace: NAMESPACE, name }))],
  ])('is all gone once the claim is bound, where somebody has deleted %s', async (_, happens) => {
    const { uid } = world.restore?.metadata ?? {};
    happens();
    await world.until(isCompleted);
    expect(secretsLeft()).toEqual([]);
    expect(world.server.list(replicationDestinations)).toEqual([]);
    expect(world.server.list(pods).filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid)).toEqual([]);
  });

  it('is all gone where somebody deletes the engine object after it has done its work', async () => {
    await world.until(({ restore }) => restore?.status?.phase === 'Binding');
    deleteAttempts(world);
    await world.until(isCompleted);
    expect(secretsLeft()).toEqual([]);
  });

  it('is all gone where its credentials were exchanged before somebody deletes the engine object', async () => {
    deleteAttempts(world);
    await world.until(isMoverRunning);
    world.exchangeKeys('newSecret');
    world.engine.endMovers('error');
    await world.look();
    world.engine.report();
    await world.look();
    expect(secretsLeft()).toHaveLength(1);
    world.exchangeKeys('newestSecret');
    deleteAttempts(world);
    await world.until(isCompleted);
    expect(secretsLeft()).toEqual([]);
  });
});
