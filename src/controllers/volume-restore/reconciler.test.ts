import { beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, pods, secrets } from '../../kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../api/resource-kinds.ts';
import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../engines/volsync/replication-source.ts';
import { blank } from '#doubles/kube/cluster.ts';
import type { RestoreEnd } from '#doubles/volsync/volsync.ts';
import { bindElsewhere } from '#simulation/others-acts.ts';
import { remember } from '#simulation/past.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import type { JsonObject } from '#doubles/kube/json.ts';
import { CLUSTER_UID, NAMESPACE, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;
let snapshot: TrueSnapshot;

beforeEach(() => {
  world = new World();
  world.truth.save({ ...full, files: 31 }, world.now() - 2 * HOUR_MILLISECONDS);
  snapshot = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
  remember(world);
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const isMoverRunning = ({ server, attempts }: World): boolean =>
  attempts.length > 0 && server.list(pods).some((pod) => pod.status?.phase === 'Running');

const objectsLeft = (): string[] =>
  [
    ...world.server.list(persistentVolumeClaims).filter((one) => one.metadata.uid !== world.claim?.metadata.uid),
    ...world.attempts,
    // Those of attempts have the UID of their restore in their names.
    ...world.server.list(secrets).filter((one) => one.metadata.name.includes(CLUSTER_UID)),
  ].map((one) => one.metadata.name);

/** Lets the present attempt end, heard from its beginning. */
async function endAttempt(end: RestoreEnd): Promise<void> {
  await world.until(isMoverRunning);
  await world.look();
  world.engine.endMovers(end);
  await world.look();
  world.engine.report();
  await world.look();
}

/** The attempt ends well and its proof is recorded, but the hand-over of the volume does not get through. */
async function endAttemptButLoseHandOver(): Promise<void> {
  await world.until(isMoverRunning);
  await world.look();
  world.engine.endMovers('complete');
  world.process.copies.seeEverything();
  await world.rest();
  world.process.client.expect({ after: 1, fault: 'refused', fatal: false });
  await world.tolerating(() => world.reconcileRestores());
  world.process.client.expect(undefined);
  expect(world.restore?.status?.phase).toBe('Proven');
  world.process.copies.seeEverything();
}

/** The movers' containers have ended, but the phases of their pods do not say so yet. */
function leaveToKubelet(exitCode: number | undefined, others: readonly JsonObject[] = []): void {
  const state = exitCode === undefined ? { running: {} } : { terminated: { exitCode } };
  for (const { metadata } of world.server.list(pods)) {
    world.server.change(pods, metadata, (pod) => {
      const containerStatuses = [{ name: 'restic', ready: false, restartCount: 0, state }, ...others];
      pod['status'] = { phase: 'Running', containerStatuses };
    });
  }
}

/** Somebody deletes the prime claim. */
function deletePrime(): void {
  if (world.prime !== undefined) world.server.delete(persistentVolumeClaims, world.prime.metadata);
  world.cluster.protect();
}

const standing = () => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');

/** Time passes, and nothing else. */
async function lookAfter(milliseconds: number): Promise<void> {
  world.wait(milliseconds);
  await world.look();
}

describe('invariant 10: a claim that is restored and waits', () => {
  it('for a pod, says so when that has lasted, and not again after a restart', async () => {
    world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
    for (let times = 0; times < 3; times += 1) await world.look();
    expect(standing()?.reason).toBe('WaitingForConsumer');
    await lookAfter(GRACE_MILLISECONDS - 1);
    expect(world.told).toEqual(['Restoring']);
    await lookAfter(1);
    expect(world.told).toEqual(['Restoring', 'WaitingForConsumer']);
    expect(world.events.at(-1)?.type).toBe('Normal');
    expect(world.events.at(-1)?.message).toContain('Start the pod');
    await lookAfter(60_000);
    await world.restart();
    await lookAfter(60_000);
    expect(world.told).toEqual(['Restoring', 'WaitingForConsumer']);
  });

  it('for a mover that does not start, says so when that has lasted, and that it goes on', async () => {
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    await lookAfter(GRACE_MILLISECONDS - 1);
    expect(standing()?.reason).toBe('Restoring');
    await lookAfter(1);
    expect(standing()?.reason).toBe('WaitingForMover');
    expect(world.told).toEqual(['Restoring', 'WaitingForMover']);
    await world.until(isMoverRunning);
    await world.look();
    expect(standing()?.reason).toBe('Restoring');
    await world.until(isCompleted);
    expect(world.told).toEqual(['Restoring', 'WaitingForMover', 'RestoreProven', 'RestoreCompleted']);
  });

  it('for a volume that the storage class does not make, says so when that has lasted', async () => {
    world.truth.lose();
    world.removeRecord();
    world.createClaim('restore');
    for (let times = 0; times < 4; times += 1) await lookAfter(4_000);
    expect(world.prime).toBeDefined();
    expect(world.told).toEqual(['NoBackup']);
    await lookAfter(GRACE_MILLISECONDS);
    expect(world.told).toEqual(['NoBackup', 'WaitingForVolume']);
    expect(world.events.at(-1)?.message).toContain(world.prime?.metadata.name);
  });
});

describe('a claim with a backup', () => {
  it('is bound to a volume with the newest snapshot, and nothing is left over', async () => {
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    await world.calmRound();
    expect(objectsLeft()).toEqual([]);
  });

  it('says in events what happens to it', async () => {
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.told).toEqual(['Restoring', 'RestoreProven', 'RestoreCompleted']);
    expect(world.events.at(-1)?.message).toContain(snapshot.id.slice(0, 8));
  });

  it('gets the snapshot that it asks for', async () => {
    const older = world.truth.snapshots[0]?.id ?? '';
    world.createClaim('restore', older.slice(0, 8));
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(older);
  });

  it('gets the newest snapshot not after the time that it asks for', async () => {
    const older = world.truth.snapshots[0]?.id ?? '';
    world.createClaim('restore', new Date(world.now() - 1.5 * HOUR_MILLISECONDS).toISOString());
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(older);
  });

  it('waits when it asks for a snapshot that is not there', async () => {
    world.createClaim('restore', 'ffffffff');
    await world.calmRound();
    await world.calmRound();
    expect(world.claim?.status?.phase).toBe('Pending');
    expect(world.prime).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain('no snapshot has the id ffffffff');
  });

  it('waits for a node where the storage class binds late', async () => {
    world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    snapshot = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
    await world.calmRound();
    await world.calmRound();
    expect(world.prime).toBeUndefined();
    expect(standing()?.reason).toBe('WaitingForConsumer');
    world.scale(1);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('is not filled by a restore that was made for an earlier claim of its name', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    const first = world.claim?.metadata.uid;
    world.deleteClaim();
    world.cluster.protect();
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.claim?.metadata.uid).not.toBe(first);
    expect(world.content?.snapshotId).toBe(snapshot.id);
    await world.calmRound();
    expect(objectsLeft()).toEqual([]);
    expect(world.server.list(volumeRestores)).toHaveLength(1);
  });
});

describe('proof', () => {
  it.each<[RestoreEnd, string, string]>([
    ['nothing', 'RestoreMismatch', 'found nothing to restore'],
    ['older', 'RestoreMismatch', 'came back instead of'],
    ['half', 'RestoreMismatch', 'only 20 of 41 files and directories came back'],
  ])('invariant 1: a mover that ends "%s" gives the claim nothing, and is run again', async (end, reason, words) => {
    world.createClaim('restore');
    await endAttempt(end);
    expect(world.claim?.spec.volumeName).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason });
    expect(world.events.at(-1)?.message).toContain(words);
    await world.until(isCompleted);
    expect(world.restore?.status?.attempts).toBe(2);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
  });

  it('turns to the newest snapshot when the one that was chosen has gone meanwhile', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    const newer = world.truth.save({ ...full, files: 51 }, world.now());
    world.truth.forget({ last: '1' });
    remember(world);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(newer.id);
  });

  it('invariant 1: the claim waits when all snapshots have gone meanwhile, and says so', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    world.truth.lose();
    world.removeRecord();
    for (let round = 0; round < 6; round += 1) await world.calmRound();
    expect(world.claim?.spec.volumeName).toBeUndefined();
    expect(world.restore?.status?.blank).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
    expect(world.events.at(-1)?.message).toContain('was there a while ago, and now there is none');
  });

  it('gives a failing mover the credentials that were exchanged since it began', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    world.exchangeKeys('newSecret');
    await endAttempt('error');
    const [attempt] = world.attempts;
    const name = attempt === undefined ? '' : (repositorySecretOf(attempt) ?? '');
    const secret = world.server.get(secrets, { namespace: NAMESPACE, name });
    expect(Buffer.from(secret?.data?.['AWS_SECRET_ACCESS_KEY'] ?? '', 'base64').toString()).toBe('newSecret');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('tells the claim what the mover complains about, and goes on when it has ended well', async () => {
    world.createClaim('restore');
    await endAttempt('error');
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreFailing' });
    expect(world.events.at(-1)?.message).toContain('Fatal: unable to open config file');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('does not wait for the engine when the mover was heard and its container ended well', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    await world.look();
    world.engine.endMovers('complete');
    leaveToKubelet(0);
    await world.look();
    expect(world.told).toContain('RestoreProven');
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    await world.calmRound();
    await world.calmRound();
    expect(objectsLeft()).toEqual([]);
  });

  it.each([1, 137, undefined])('invariant 1: waits for the engine while the exit code is %s', async (exitCode) => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    await world.look();
    world.engine.endMovers('complete');
    leaveToKubelet(exitCode);
    await world.look();
    expect(world.restore?.status?.provenTime).toBeUndefined();
    expect(world.claim?.spec.volumeName).toBeUndefined();
  });

  it("does not wait for a container that somebody else has put into the mover's pod", async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    await world.look();
    world.engine.endMovers('complete');
    leaveToKubelet(0, [{ name: 'istio-proxy', ready: true, restartCount: 0, state: { running: {} } }]);
    await world.look();
    expect(world.restore?.status?.provenTime).toBeDefined();
  });

  it('is not taken from a log that nobody heard: the restore is run again', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    world.engine.endMovers('complete');
    world.engine.report();
    await world.look();
    expect(world.told.at(-1)).toBe('RestoreUnproven');
    await world.until(isCompleted);
    expect(world.restore?.status?.attempts).toBe(2);
  });

  it('is not taken from a log that broke off', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    await world.look();
    world.logs.isBroken = true;
    world.engine.endMovers('complete');
    await world.look();
    world.engine.report();
    await world.look();
    expect(world.told.at(-1)).toBe('RestoreUnproven');
  });

  it('is not taken from the log of an earlier mover that failed when all was done', async () => {
    world.createClaim('restore');
    await endAttempt('errorAtEnd');
    world.engine.startMovers();
    world.cluster.schedule();
    world.engine.endMovers('half');
    world.engine.report();
    await world.look();
    expect(world.restore?.status?.provenTime).toBeUndefined();
    expect(world.told.at(-1)).toBe('RestoreUnproven');
  });

  it('is not taken from the log of an attempt that somebody deleted', async () => {
    world.createClaim('restore');
    await world.until(isMoverRunning);
    await world.look();
    world.engine.endMovers('complete');
    await world.rest();
    for (const { metadata } of world.attempts) world.server.delete(replicationDestinations, metadata);
    world.cluster.collect();
    await world.look();
    world.engine.startMovers();
    world.cluster.schedule();
    world.engine.endMovers('older');
    world.engine.report();
    await world.look();
    expect(world.restore?.status?.provenTime).toBeUndefined();
  });

  it('invariant 1: holds for one prime claim: another is filled again', async () => {
    world.createClaim('restore');
    await endAttemptButLoseHandOver();
    deletePrime();
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    expect(world.restore?.status?.attempts).toBe(2);
  });
});

describe('hand-over', () => {
  it('invariant 1: a volume that was released with its prime claim is not handed over', async () => {
    world.createClaim('restore');
    await endAttemptButLoseHandOver();
    deletePrime();
    world.cluster.bind();
    // The local copy holds the prime claim still.
    await world.tolerating(() => world.reconcileRestores());
    expect(world.server.list(persistentVolumes)[0]?.spec.claimRef?.uid).not.toBe(world.claim?.metadata.uid);
    world.cluster.reclaim();
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
  });

  it('is believed when the prime claim goes before it was recorded', async () => {
    world.createClaim('restore');
    await endAttemptButLoseHandOver();
    world.process.client.expect({ after: 0, fault: 'answerLost', fatal: true });
    await world.tolerating(() => world.reconcileRestores());
    expect(world.server.list(persistentVolumes)[0]?.spec.claimRef?.uid).toBe(world.claim?.metadata.uid);
    deletePrime();
    await world.look();
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    await world.calmRound();
    expect(objectsLeft()).toEqual([]);
  });

  it('is believed when the restore is deleted before the claim is bound', async () => {
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.phase === 'Binding');
    for (const { metadata } of world.server.list(volumeRestores)) world.server.delete(volumeRestores, metadata);
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    await world.until(({ schedule }) => schedule !== undefined);
  });

  it('invariant 3: is not believed of a foreign volume that the claim was bound to after the proof', async () => {
    world.createClaim('restore');
    await endAttemptButLoseHandOver();
    bindElsewhere(world);
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.told.filter((reason) => reason === 'BoundUnproven')).toHaveLength(1);
    expect(isCompleted(world)).toBe(false);
    expect(world.schedule).toBeUndefined();
    expect(objectsLeft()).toEqual([]);
  });
});

describe('a claim that may have a backup', () => {
  beforeEach(() => {
    world = new World();
  });

  it('gets a blank volume once the destination was certain, again and again, that there is none', async () => {
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content).toEqual(blank);
    expect(world.restore?.status).toMatchObject({ blank: true, certainNones: 3 });
    expect(world.told).toContain('NoBackup');
  });

  it('invariant 2: answers at the same time count once', async () => {
    world.createClaim('restore');
    for (let times = 0; times < 10; times += 1) await world.look();
    expect(world.restore?.status).toMatchObject({ certainNones: 1 });
    expect(world.prime).toBeUndefined();
  });

  it('invariant 2: a store that is emptied between the answers is noticed', async () => {
    snapshot = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    world.destination.mood = 'snapshotsFail';
    world.createClaim('restore');
    await world.look();
    world.destination.mood = 'emptied';
    for (let times = 0; times < 30; times += 1) {
      world.wait(500);
      await world.look();
    }
    expect(world.restore?.status?.blank).toBeUndefined();
    expect(world.claim?.spec.volumeName).toBeUndefined();
  });

  it.each(['silent', 'listingsFail', 'ledgerFails', 'exchanged', 'emptied'] as const)(
    'invariant 2: waits while the store is %s, says so, and goes on by itself',
    async (mood) => {
      world.destination.mood = mood;
      world.createClaim('restore');
      for (let round = 0; round < 5; round += 1) await world.calmRound();
      expect(world.prime).toBeUndefined();
      expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreHeld' });
      expect(world.events.at(-1)?.message).toMatch(
        /^The claim waits, unbound, and no data is at risk \([A-Z][A-Za-z]+\): /,
      );
      world.destination.mood = 'answers';
      await world.until(isCompleted);
      expect(world.content).toEqual(blank);
    },
  );

  it('invariant 2: waits while the newest snapshot cannot be read', async () => {
    snapshot = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.destination.mood = 'damaged';
    world.createClaim('restore');
    for (let round = 0; round < 5; round += 1) await world.calmRound();
    expect(world.prime).toBeUndefined();
    world.destination.mood = 'answers';
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('counts anew after an uncertain answer', async () => {
    world.createClaim('restore');
    await world.look();
    world.wait(10_000);
    await world.look();
    expect(world.restore?.status?.certainNones).toBe(2);
    world.destination.mood = 'silent';
    world.wait(10_000);
    await world.look();
    expect(world.restore?.status?.certainNones).toBe(0);
  });

  it('invariant 1: waits when the ledger remembers a backup that is not there', async () => {
    world.createClaim('fresh');
    world.scale(1);
    await world.until(({ isAppRunning }) => isAppRunning);
    world.write((content) => ({ ...content, ...full }));
    await world.until(({ schedule }) => schedule !== undefined);
    world.backUp('complete');
    await world.until(({ protection }) => protection?.status?.phase === 'Protected');
    for (const { id } of world.truth.snapshots) world.destination.restic.removeSnapshot(id);
    world.scale(0);
    world.deleteClaim();
    world.cluster.protect();
    world.createClaim('restore');
    for (let round = 0; round < 5; round += 1) await world.calmRound();
    expect(world.prime).toBeUndefined();
    expect(world.events.at(-1)?.message).toContain('the ledger remembers snapshot');
  });
});

describe('a controller that dies', () => {
  const deaths = Array.from({ length: 14 }, (_, after) => after);

  it.each(deaths)('invariant 7: at write %i, refused: the next one goes on', async (after) => {
    await dieAt(after, 'refused');
  });

  it.each(deaths)('invariant 7: at write %i, done but unanswered: the next one goes on', async (after) => {
    await dieAt(after, 'answerLost');
  });

  async function dieAt(after: number, fault: 'refused' | 'answerLost'): Promise<void> {
    world.createClaim('restore');
    world.process.client.expect({ after, fault, fatal: true });
    await world.until(isCompleted);
    await world.calmRound();
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
    expect(objectsLeft()).toEqual([]);
  }
});

describe('local copies that lag', () => {
  it('invariant 1: an old copy of the restore does not undo what was recorded since', async () => {
    const { copies } = world.process;
    const reconcile = () => world.tolerating(() => world.reconcileRestores());
    world.createClaim('restore');
    copies.seeEverything();
    await world.reconcileProtection();
    copies.seeEverything();
    await reconcile();
    for (const pass of ['provision', 'bind'] as const) world.cluster.passes[pass]();
    world.engine.startMovers();
    world.cluster.schedule();
    await seeAllButRestores();
    await reconcile();
    world.engine.endMovers('complete');
    await world.rest();
    world.engine.report();
    await seeAllButRestores();
    await reconcile();
    const expected = { primeClaimUID: world.prime?.metadata.uid, attempts: 1 };
    expect(world.restore?.status).toMatchObject(expected);
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: snapshot.id });
  });

  async function seeAllButRestores(): Promise<void> {
    for (const name of ['claims', 'primes', 'pods', 'replicationDestinations'] as const) world.process.copies.see(name);
    await world.rest();
  }
});
