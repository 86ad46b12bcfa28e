import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../api/resource-kinds.ts';
import type { Content } from '#doubles/kube/cluster.ts';
import { childOf } from '#doubles/kube/json.ts';
import { deletePrime } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import { World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const backedUp = { files: 41, sizeBytes: 8_000_000, complete: true };
const others: Content = { files: 7, sizeBytes: 700, complete: true };

let world: World;
let volume: string;

const asBefore = (policy: string) => ({
  metadata: { annotations: {} },
  spec: { persistentVolumeReclaimPolicy: policy },
  status: { phase: 'Available' },
});

/** All that Kubernetes' own controllers have to do, while ours does nothing. */
function playCluster(): void {
  for (let round = 0; round < 3; round += 1) for (const pass of Object.values(world.cluster.passes)) pass();
}

async function play(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await world.calmRound();
}

/** A prime claim that has no volume yet, and a volume of somebody else that becomes free. */
async function begin(policy: string, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  world = new World();
  world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
  remember(world);
  world.createClaim('restore');
  await world.until(({ prime }) => prime !== undefined);
  volume = world.cluster.offerVolume(others, policy, annotations);
}

const volumeNow = () => world.server.get(persistentVolumes, { name: volume });
const release = { 'pv.kubernetes.io/provisioned-by': 'csi.example' };

describe('a volume that a prime claim took before anybody looked at it', () => {
  describe.each(['Delete', 'Recycle'])('of policy %s', (policy) => {
    beforeEach(async () => begin(policy));

    it.each([
      ['the claim is deleted', () => world.deleteClaim()],
      ['the prime claim is deleted', () => deletePrime(world)],
      [
        'the restore is deleted',
        () =>
          world.server.list(volumeRestores).forEach(({ metadata }) => world.server.delete(volumeRestores, metadata)),
      ],
      [
        'all are deleted, as with their namespace',
        () => {
          deletePrime(world);
          world.server.list(volumeRestores).forEach(({ metadata }) => world.server.delete(volumeRestores, metadata));
          world.deleteClaim();
        },
      ],
    ])('invariant 12: keeps its files and is given back when %s while no controller runs', async (_, happens) => {
      world.cluster.provision();
      expect(world.prime?.spec.volumeName).toBe(volume);
      happens();
      playCluster();
      expect(world.cluster.contents.get(volume)).toEqual(others);
      await world.restart();
      await play(4);
      expect(world.cluster.contents.get(volume)).toEqual(others);
      expect(volumeNow()).toMatchObject(asBefore(policy));
      expect(world.prime?.spec.volumeName).not.toBe(volume);
    });

    it('invariants 7 and 12: is given back, whatever happens in whatever order and wherever the controller dies', async () => {
      const acts = {
        provision: () => world.cluster.provision(),
        cluster: playCluster,
        deleteClaim: () => world.deleteClaim(),
        deletePrime: () => deletePrime(world),
        look: () => world.look(),
        restores: () => world.tolerating(() => world.reconcileRestores()),
        volumes: () => world.tolerating(() => world.reconcileVolumes()),
        seeVolumes: () => world.process.copies.see('volumes', 1),
        seePrimes: () => world.process.copies.see('primes', 1),
        die: () => world.restart(),
      };
      const act = fc.constantFrom<keyof typeof acts>(
        'provision',
        'cluster',
        'deleteClaim',
        'deletePrime',
        'look',
        'restores',
        'volumes',
        'seeVolumes',
        'seePrimes',
        'die',
      );
      const trouble = fc.option(
        fc.record({ after: fc.nat({ max: 3 }), fault: fc.constantFrom('refused', 'answerLost'), fatal: fc.boolean() }),
        { nil: undefined, freq: 3 },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(act, trouble), { maxLength: 12 }), async (story) => {
          await begin(policy);
          for (const [does, fault] of story) {
            world.process.client.expect(fault);
            await acts[does]();
            world.process.client.expect(undefined);
            expect(world.cluster.contents.get(volume)).toEqual(others);
          }
          await play(6);
          expect(world.cluster.contents.get(volume)).toEqual(others);
          expect(volumeNow()).toMatchObject(asBefore(policy));
        }),
        { numRuns: 150, seed: 7 },
      );
    });
  });

  it('invariant 12: keeps its files while the volume names the prime claim, and that one does not name it yet', async () => {
    await begin('Delete');
    const { name = '', namespace = '', uid = '' } = world.prime?.metadata ?? {};
    world.server.change(persistentVolumes, { name: volume }, (object) => {
      childOf(object, 'spec')['claimRef'] = { name, namespace, uid };
      childOf(childOf(object, 'metadata'), 'annotations')['pv.kubernetes.io/bound-by-controller'] = 'yes';
    });
    deletePrime(world);
    world.process.copies.seeEverything();
    await world.process.endingPrimes.reconcile(`${namespace}/${name}`);
    playCluster();
    expect(world.cluster.contents.get(volume)).toEqual(others);
    await play(4);
    expect(volumeNow()).toMatchObject(asBefore('Delete'));
  });

  it('invariant 12: keeps its files where it is offered, was not empty, and the claim is deleted before it was looked into', async () => {
    await begin('Delete', { 'rebound.dev/may-fill': 'true' });
    world.cluster.provision();
    world.deleteClaim();
    playCluster();
    await play(4);
    expect(world.cluster.contents.get(volume)).toEqual(others);
    expect(volumeNow()).toMatchObject({
      ...asBefore('Delete'),
      metadata: { annotations: { 'rebound.dev/may-fill': 'true' } },
    });
  });

  it('invariant 12: keeps its files where a provisioner had made it for another claim', async () => {
    await begin('Delete', release);
    world.cluster.provision();
    deletePrime(world);
    world.deleteClaim();
    await play(4);
    expect(world.cluster.contents.get(volume)).toEqual(others);
    expect(volumeNow()).toMatchObject({ ...asBefore('Delete'), metadata: { annotations: release } });
  });
});

describe('a volume that was being given back by a restore which is gone', () => {
  it.each([
    ['the prime claim is there', () => undefined],
    ['the prime claim is gone', () => deletePrime(world)],
  ])('invariant 12: is Available again with its policy: %s', async (_, happens) => {
    await begin('Delete');
    world.cluster.provision();
    // As earlier versions made them.
    world.server.change(persistentVolumeClaims, world.prime?.metadata ?? { name: '' }, (object) => {
      childOf(object, 'metadata')['finalizers'] = [];
    });
    world.server.change(persistentVolumes, { name: volume }, (object) => {
      childOf(object, 'spec')['persistentVolumeReclaimPolicy'] = 'Retain';
      childOf(childOf(object, 'metadata'), 'annotations')['rebound.dev/former-reclaim-policy'] = 'Delete';
    });
    happens();
    world.deleteClaim();
    playCluster();
    await play(4);
    expect(world.cluster.contents.get(volume)).toEqual(others);
    expect(volumeNow()).toMatchObject(asBefore('Delete'));
  });

  it('invariant 12: has its policy again where somebody has set it free', async () => {
    await begin('Delete');
    world.server.change(persistentVolumes, { name: volume }, (object) => {
      childOf(object, 'spec')['persistentVolumeReclaimPolicy'] = 'Retain';
      childOf(childOf(object, 'metadata'), 'annotations')['rebound.dev/former-reclaim-policy'] = 'Delete';
    });
    world.deleteClaim();
    await play(4);
    expect(volumeNow()).toMatchObject(asBefore('Delete'));
  });
});

it('a prime claim is held no longer once its volume was found to be one that may be filled', async () => {
  await begin('Delete');
  world.cluster.destroyVolume(volume);
  await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
  await world.look();
  expect(world.prime?.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
});

it('a prime claim that was deleted before it had a volume goes', async () => {
  await begin('Delete');
  world.cluster.destroyVolume(volume);
  const { uid } = world.prime?.metadata ?? {};
  world.deleteClaim();
  world.cluster.protect();
  world.cluster.collect();
  await world.look();
  expect(world.prime?.metadata.uid).toBe(uid);
  await play(2);
  expect(world.prime).toBeUndefined();
});
