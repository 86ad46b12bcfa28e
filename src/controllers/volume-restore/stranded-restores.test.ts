import { describe, expect, it } from 'vitest';
import { LOOK_ROLE, ROLE_LABEL } from '../../api/labels.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { events, nodes, persistentVolumeClaims, persistentVolumes, pods } from '../../kube/model/built-in-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { bindElsewhere, deletePrime } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';

const HOUR_MILLISECONDS = 3_600_000;
const backedUp = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const nodeOf = (object: typeof world.claim): string | undefined =>
  object?.metadata.annotations?.[SELECTED_NODE_ANNOTATION];

function begin(options: ConstructorParameters<typeof World>[0] = {}): void {
  world = new World(options);
  world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
  remember(world);
}

describe('a volume that cannot be made on the node that was chosen', () => {
  /** Up to the prime claim, before it has a volume. */
  const untilPrime = async (): Promise<void> => {
    world.createClaim('restore');
    world.scale(1);
    world.cluster.schedule();
    await world.look();
    expect(world.prime).toBeDefined();
  };

  it.each([true, false])('is made on another one once the provisioner gave the node back (backup: %s)', async (has) => {
    begin({ volumeBindingMode: 'WaitForFirstConsumer' });
    if (!has) world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    world.createClaim('restore');
    world.scale(1);
    world.cluster.schedule();
    for (let look = 0; look < 4 && world.prime === undefined; look += 1) {
      await world.look();
      world.wait(5_000);
    }
    const first = world.prime;
    if (first === undefined) throw new Error('there is no prime claim');
    world.server.change(persistentVolumeClaims, first.metadata, (object) => {
      childOf(object, 'metadata')['annotations'] = {};
    });
    await world.look();
    world.cluster.protect();
    expect(world.prime).toBeUndefined();
    expect(nodeOf(world.claim)).toBeUndefined();
    expect(world.events.some(({ reason }) => reason === 'VolumeNotPlaced')).toBe(true);
    world.scale(1);
    await world.until(isCompleted);
    expect(world.content?.files).toBe(has ? backedUp.files : 0);
  });

  it('is made on another one once the node is gone', async () => {
    begin({ volumeBindingMode: 'WaitForFirstConsumer' });
    await untilPrime();
    world.server.delete(nodes, { name: 'node-1' });
    await world.look();
    world.cluster.protect();
    expect(world.prime).toBeUndefined();
    expect(nodeOf(world.claim)).toBeUndefined();
    expect(world.events.at(-1)?.message).toContain('node node-1');
    world.server.create(nodes, { metadata: { name: 'node-1' } });
    await world.until(isCompleted);
    expect(world.content).toMatchObject(backedUp);
  });
});

it('invariant 10: a volume that names its claim and is not bound is told, in the words of whoever refuses it', async () => {
  begin();
  world.createClaim('restore');
  await world.until(({ restore }) => restore?.status?.phase === 'Binding');
  const message = 'Cannot bind to requested volume "pv-1": storageClassName does not match';
  world.server.create(events, {
    metadata: { namespace: NAMESPACE, name: 'mismatch' },
    involvedObject: {
      kind: 'PersistentVolumeClaim',
      namespace: NAMESPACE,
      name: CLAIM,
      uid: world.claim?.metadata.uid,
    },
    ...{ type: 'Warning', reason: 'VolumeMismatch', message },
  });
  await world.look();
  expect(world.told).not.toContain('WaitingForBinding');
  world.wait(60_000);
  await world.look();
  expect(world.events.at(-1)).toMatchObject({ reason: 'WaitingForBinding' });
  expect(world.events.at(-1)?.message).toContain(message);
  await world.until(isCompleted);
});

it('a volume that was made for a restore and handed to nobody goes, though its class keeps volumes', async () => {
  begin();
  world.createClaim('restore');
  await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
  const volume = world.prime?.spec.volumeName ?? '';
  world.server.change(persistentVolumes, { name: volume }, (object) => {
    childOf(object, 'spec')['persistentVolumeReclaimPolicy'] = 'Retain';
  });
  bindElsewhere(world);
  for (let round = 0; round < 4; round += 1) await world.calmRound();
  expect(world.prime).toBeUndefined();
  expect(world.server.get(persistentVolumes, { name: volume })).toBeUndefined();
});

it('invariant 12: no attempt begins while the mover of another one may still write', async () => {
  begin();
  world.createClaim('restore');
  const movers = () => world.server.list(pods).filter(({ metadata }) => metadata.labels?.[ROLE_LABEL] !== LOOK_ROLE);
  await world.until(() => movers().some(({ status }) => status?.phase === 'Running'));
  const first = world.prime?.metadata.uid;
  const old = movers()[0]?.metadata.name;
  world.server.change(persistentVolumeClaims, world.prime?.metadata ?? CLAIM_REF, (object) => {
    childOf(object, 'metadata')['finalizers'] = [];
  });
  deletePrime(world);
  for (let look = 0; look < 5; look += 1) {
    world.cluster.provision();
    await world.look();
    expect(world.prime?.metadata.uid ?? first).toBe(first);
    expect(world.server.list(replicationDestinations)).toEqual([]);
    world.wait(1_000);
  }
  expect(movers().map(({ metadata }) => metadata.name)).toEqual([old]);
  await world.until(isCompleted);
  expect(world.content).toMatchObject(backedUp);
});
