import { beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { blank, type Content } from '#doubles/kube/cluster.ts';
import { childOf, isObject, type JsonObject, textOf } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import { bindElsewhere, deletePrime } from '#simulation/others-acts.ts';
import { World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const backedUp = { files: 41, sizeBytes: 8_000_000, complete: true };
const others: Content = { files: 7, sizeBytes: 700, complete: true };

let world: World;

beforeEach(() => {
  world = new World();
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';

/** The claim waits for its volume, and its prime claim has none yet. */
async function untilPrime(): Promise<void> {
  world.createClaim('restore');
  await world.until(({ prime }) => prime !== undefined);
  expect(world.prime?.spec.volumeName).toBeUndefined();
}

async function play(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await world.calmRound();
}

const asBefore = (policy: string) => ({
  metadata: { annotations: {} },
  spec: { persistentVolumeReclaimPolicy: policy },
  status: { phase: 'Available' },
});

describe('a volume that was there before the restore', () => {
  beforeEach(() => {
    world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
    remember(world);
  });

  const policies = ['Delete', 'Recycle', 'Retain'];

  const expectUntouched = (volume: string, policy: string): void => {
    expect(world.cluster.contents.get(volume)).toEqual(others);
    expect(world.server.get(persistentVolumes, { name: volume })).toMatchObject(asBefore(policy));
  };

  const expectTold = (volume: string): void => {
    expect(world.prime).toBeUndefined();
    expect(world.attempts).toEqual([]);
    expect(world.claim?.spec.volumeName).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain(volume);
  };

  it.each(policies)(
    'invariant 12: is never taken where it lies ready, and the claim says so (policy %s)',
    async (policy) => {
      const volume = world.cluster.offerVolume(others, policy);
      const { resourceVersion } = world.server.get(persistentVolumes, { name: volume })?.metadata ?? {};
      world.createClaim('restore');
      await play(10);
      expect(world.server.get(persistentVolumes, { name: volume })?.metadata.resourceVersion).toBe(resourceVersion);
      expectUntouched(volume, policy);
      expectTold(volume);
    },
  );

  it.each(policies)(
    'invariant 12: keeps its files when the prime claim takes it, and the claim says so (policy %s)',
    async (policy) => {
      await untilPrime();
      const volume = world.cluster.offerVolume(others, policy);
      await play(10);
      expectUntouched(volume, policy);
      expectTold(volume);
    },
  );

  it.each(
    ['Delete', 'Recycle'].flatMap((policy) => Array.from({ length: 12 }, (_, after) => [policy, after] as const)),
  )(
    'invariants 7 and 12: is given back with its files by whoever comes after (policy %s, died at write %i)',
    async (policy, after) => {
      await untilPrime();
      const volume = world.cluster.offerVolume(others, policy);
      world.process.client.expect({ after, fault: after % 2 === 0 ? 'refused' : 'answerLost', fatal: true });
      await play(10);
      expectUntouched(volume, policy);
    },
  );

  it('invariant 12: is given back when the waiting claim is deleted in the middle of it', async () => {
    await untilPrime();
    const volume = world.cluster.offerVolume(others);
    await world.until(({ restore }) => restore?.status?.refusedVolumes !== undefined);
    world.deleteClaim();
    await play(4);
    expectUntouched(volume, 'Delete');
  });

  it('does not keep the claim waiting once somebody else has it', async () => {
    const name = world.cluster.offerVolume(others, 'Retain');
    world.createClaim('restore');
    await play(6);
    world.server.change(persistentVolumes, { name }, (object) => {
      childOf(object, 'spec')['claimRef'] = { namespace: 'elsewhere', name: 'theirs' };
    });
    await world.until(isCompleted);
    expect(world.content).toMatchObject(backedUp);
    expect(world.cluster.contents.get(name)).toEqual(others);
  });
});

it('invariant 12: a volume that was there before is not handed over as a blank one', async () => {
  const volume = world.cluster.offerVolume(others);
  world.createClaim('restore');
  await play(10);
  expect(world.cluster.contents.get(volume)).toEqual(others);
  expect(world.claim?.spec.volumeName).toBeUndefined();
  expect(world.events.at(-1)?.message).toContain(volume);
});

describe('removing files', () => {
  const deletesFiles = (): boolean[] =>
    world.server
      .list(replicationDestinations)
      .map(({ spec: { restic } }) => isObject(restic) && restic['enableFileDeletion'] === true);

  beforeEach(() => {
    world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
  });

  it('invariant 12: begins with the second attempt into the same volume', async () => {
    await world.until(({ attempts }) => attempts.length > 0);
    expect(deletesFiles()).toEqual([false]);
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    expect(deletesFiles()).toEqual([false]);
    for (const { metadata } of world.attempts) world.server.delete(replicationDestinations, metadata);
    await world.until(({ attempts }) => attempts.length > 0);
    expect(deletesFiles()).toEqual([true]);
    await world.until(isCompleted);
  });

  it('invariant 12: does not begin in the volume of another prime claim', async () => {
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    const [volume] = world.server.list(persistentVolumes);
    deletePrime(world);
    await world.until(({ restore }) => restore?.status?.attempts === 2);
    await world.until(({ attempts }) => attempts.some(({ spec }) => spec['paused'] === false));
    expect(deletesFiles()).toEqual([false]);
    await world.until(isCompleted);
    expect(world.claim?.spec.volumeName).not.toBe(volume?.metadata.name);
  });
});

it('invariant 12: a volume that the prime claim took keeps its files when the claim is bound to another one meanwhile', async () => {
  world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
  remember(world);
  await untilPrime();
  const volume = world.cluster.offerVolume(others);
  await world.until(({ prime }) => prime?.spec.volumeName === volume);
  bindElsewhere(world);
  await play(4);
  expect(world.cluster.contents.get(volume)).toEqual(others);
  expect(world.prime).toBeUndefined();
  expect(world.server.get(persistentVolumes, { name: volume })).toMatchObject(asBefore('Delete'));
});

describe('an offered volume', () => {
  /** The first attempt has written, and has failed; a second one is to begin. */
  const untilSecond = async (between: () => void): Promise<string> => {
    world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
    remember(world);
    const volume = world.cluster.offerVolume(blank, 'Retain', { 'rebound.dev/may-fill': 'true' });
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    world.engine.startMovers();
    world.cluster.schedule();
    world.engine.endMovers('half');
    expect(world.cluster.contents.get(volume)).toMatchObject({ complete: false });
    between();
    for (const { metadata } of world.attempts) world.server.delete(replicationDestinations, metadata);
    await world.until(({ attempts }) => attempts[0]?.metadata.name.endsWith('-2') === true);
    return volume;
  };

  it('invariant 12: holds exactly the snapshot, where the first attempt had begun with another one', async () => {
    const newer = { ...backedUp, files: 45 };
    const volume = await untilSecond(() => world.truth.save(newer, world.now()));
    await world.until(isCompleted);
    expect(world.claim?.spec.volumeName).toBe(volume);
    expect(world.content).toMatchObject(newer);
  });

  it('invariant 12: has nothing removed from it before an attempt has filled it', async () => {
    await untilSecond(() => undefined);
    const made = world.server.historyOf(replicationDestinations).map(({ object }) => object ?? {});
    const isFirst = (object: JsonObject): boolean => textOf(childOf(object, 'metadata')['name']).endsWith('-1');
    const deletes = (object: JsonObject) => childOf(childOf(object, 'spec'), 'restic')['enableFileDeletion'];
    expect([...new Set(made.filter(isFirst).map(deletes))]).toEqual([false]);
    expect(world.attempts[0]?.spec).toMatchObject({ paused: false, restic: { enableFileDeletion: true } });
  });
});
