import { beforeEach, describe, expect, it } from 'vitest';
import { LOOK_ROLE, MOVER_USER_ANNOTATION, ROLE_LABEL } from '../../api/labels.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Pod,
  storageClasses,
} from '../../kube/model/built-in-kinds.ts';
import { blank, type Content } from '#doubles/kube/cluster.ts';
import { childOf } from '#doubles/kube/json.ts';
import { deletePrime } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const backedUp = { files: 41, sizeBytes: 8_000_000, complete: true };
const others: Content = { files: 7, sizeBytes: 700, complete: true };

let world: World;

beforeEach(() => {
  world = new World();
  world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
  remember(world);
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const lookOf = ({ server }: World): Pod | undefined =>
  server.list(pods).find(({ metadata }) => metadata.labels?.[ROLE_LABEL] === LOOK_ROLE);

async function play(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await world.calmRound();
}

const mayRun = ({ server }: World): boolean =>
  server.list(replicationDestinations).some(({ spec }) => spec['paused'] !== true);

describe('a volume that a provisioner made for the restore, and that holds files all the same', () => {
  beforeEach(() => {
    world.cluster.newVolumeContent = others;
    world.createClaim('restore');
  });

  it('invariant 12: is not written into, and the claim says what it holds and what to do', async () => {
    await play(10);
    expect(mayRun(world)).toBe(false);
    expect(world.claim?.status?.phase).toBe('Pending');
    expect(world.cluster.contents.get(world.prime?.spec.volumeName ?? '')).toEqual(others);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain('is not empty: it holds a, b and more.');
    expect(world.events.at(-1)?.message).toContain('rebound.dev/restore: none');
  });

  it('invariant 12: keeps its files when the prime claim, or the claim itself, is deleted', async () => {
    await play(6);
    const volume = world.prime?.spec.volumeName ?? '';
    deletePrime(world);
    await world.until(({ prime }) => ![undefined, volume].includes(prime?.spec.volumeName));
    expect(world.cluster.contents.get(volume)).toEqual(others);
    const another = world.prime?.spec.volumeName ?? '';
    await play(6);
    world.deleteClaim();
    await play(2);
    expect(world.cluster.contents.get(another)).toEqual(others);
  });

  it.each(Array.from({ length: 12 }, (_, after) => after))(
    'invariants 7 and 12: keeps its files whoever comes after (died at write %i)',
    async (after) => {
      world.process.client.expect({ after, fault: after % 2 === 0 ? 'refused' : 'answerLost', fatal: true });
      await play(4);
      await world.restart();
      await play(8);
      world.deleteClaim();
      await play(2);
      const kept = world.server
        .list(persistentVolumes)
        .map(({ metadata }) => world.cluster.contents.get(metadata.name));
      expect(kept).toContainEqual(others);
      expect(kept.every((content) => content?.files === others.files)).toBe(true);
    },
  );

  it('is filled once somebody has removed them, and has its reclaim policy back', async () => {
    await play(6);
    const volume = world.prime?.spec.volumeName ?? '';
    world.cluster.contents.set(volume, blank);
    await world.until(isCompleted);
    expect(world.content).toMatchObject(backedUp);
    const { metadata, spec } = world.server.get(persistentVolumes, { name: volume }) ?? {};
    expect(spec?.persistentVolumeReclaimPolicy).toBe('Delete');
    expect(metadata?.annotations).not.toHaveProperty('rebound.dev/former-reclaim-policy');
  });
});

it('invariant 12: an offered volume that is not empty is not written into', async () => {
  const volume = world.cluster.offerVolume(others, 'Delete', { 'rebound.dev/may-fill': 'true' });
  world.createClaim('restore');
  await play(10);
  expect(mayRun(world)).toBe(false);
  expect(world.cluster.contents.get(volume)).toEqual(others);
  world.deleteClaim();
  await play(2);
  expect(world.cluster.contents.get(volume)).toEqual(others);
});

it('invariant 12: a blank volume that is not blank is not handed over', async () => {
  world = new World();
  world.cluster.newVolumeContent = others;
  world.createClaim('restore');
  await play(12);
  expect(world.claim?.status?.phase).toBe('Pending');
  expect(world.events.at(-1)?.message).toContain('is not empty');
});

describe('a look that does not come to an end', () => {
  const answerLook = (status: Pod['status']): void => {
    const look = lookOf(world);
    if (look === undefined) throw new Error('there is no look');
    world.server.change(pods, look.metadata, (object) => Object.assign(object, { status }));
  };

  beforeEach(async () => {
    world.createClaim('restore');
    await world.until(() => lookOf(world) !== undefined);
  });

  it.each([
    ['cannot read', { exitCode: 1, message: "EACCES: permission denied, opendir '/data'" }, 'EACCES'],
    ['is killed', { exitCode: 137, reason: 'OOMKilled' }, 'OOMKilled'],
    ['says something else', { exitCode: 0, message: '{"names":[' }, '{"names":['],
    ['says nothing', { exitCode: 0 }, 'exit code 0'],
  ])('invariants 2 and 14: is no proof that the volume is empty: %s', async (_what, terminated, words) => {
    answerLook({
      phase: 'Failed',
      containerStatuses: [{ name: 'look', ready: false, restartCount: 0, state: { terminated } }],
    });
    await world.look();
    expect(mayRun(world)).toBe(false);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain(words);
    await world.until(isCompleted);
    expect(world.content).toMatchObject(backedUp);
  });

  it('invariant 14: is begun again at once as the user that is named since', async () => {
    const terminated = { exitCode: 1, message: "EACCES: permission denied, opendir '/data'" };
    const first = lookOf(world)?.metadata.uid;
    answerLook({
      phase: 'Failed',
      containerStatuses: [{ name: 'look', ready: false, restartCount: 0, state: { terminated } }],
    });
    await world.look();
    expect(world.events.at(-1)?.message).toContain('Set annotation rebound.dev/mover-user on the claim');
    expect(lookOf(world)?.metadata.uid).toBe(first);
    world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')[MOVER_USER_ANNOTATION] = '999';
    });
    await world.look();
    await world.until(() => lookOf(world)?.spec.securityContext?.runAsUser === 999);
    expect(world.now() - Date.parse(lookOf(world)?.metadata.creationTimestamp ?? '')).toBeLessThan(60_000);
  });

  it('invariant 14: says why its pod cannot start', async () => {
    const message = 'Back-off pulling image "rebound"';
    const state = { waiting: { reason: 'ImagePullBackOff', message } };
    answerLook({
      phase: 'Unknown',
      containerStatuses: [{ name: 'look', ready: false, restartCount: 0, state }],
    });
    await play(3);
    expect(mayRun(world)).toBe(false);
    expect(world.events.at(-1)?.message).toContain(message);
  });
});

it('no look is left once the claim has its volume, and none could change it', async () => {
  world.createClaim('restore');
  await world.until(() => lookOf(world) !== undefined);
  const look = lookOf(world);
  expect(look?.spec.containers[0]?.volumeMounts).toEqual([{ name: 'data', mountPath: '/data', readOnly: true }]);
  expect(look?.spec.securityContext).not.toHaveProperty('fsGroup');
  await world.until(isCompleted);
  expect(lookOf(world)).toBeUndefined();
});

it('a look that is the first to use its volume may run where the pod may that waits for the claim, and nowhere else', async () => {
  world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
  world.truth.save(backedUp, world.now() - HOUR_MILLISECONDS);
  remember(world);
  world.server.change(storageClasses, { name: 'fast' }, (object) => {
    object['provisioner'] = 'kubernetes.io/no-provisioner';
  });
  world.cluster.offerVolume(blank, 'Retain', { 'rebound.dev/may-fill': 'true' });
  world.createClaim('restore');
  world.scale(1);
  const placement = {
    nodeSelector: { disks: 'fast' },
    affinity: { podAffinity: {} },
    tolerations: [{ key: 'database', operator: 'Exists' }],
  };
  world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
    Object.assign(childOf(pod, 'spec'), placement);
  });
  for (let round = 0; round < 5 && lookOf(world) === undefined; round += 1) {
    await world.look();
    world.wait(5_000);
  }
  expect(world.prime?.spec.volumeName).toBeUndefined();
  expect(lookOf(world)?.spec).toMatchObject(placement);
});
