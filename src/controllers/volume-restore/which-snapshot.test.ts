import { describe, expect, it } from 'vitest';
import { ACCEPT_RESTORE_ANNOTATION } from '../../api/labels.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World, type WorldOptions } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };
const half = { files: 21, sizeBytes: 4_000_000, complete: true };
const RECORD_KEY = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });

const protectionOf = (world: World) => world.protection?.status;
const findingOf = (world: World) => world.restore?.status?.finding;
const shortOf = (id: string | undefined): string => id?.slice(0, 8) ?? 'no id';
const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const conditionOf = (world: World, type: string) =>
  world.restore?.status?.conditions?.find((condition) => condition.type === type);
const timesTold = ({ told }: World, reason: string): number => told.filter((one) => one === reason).length;
const lastWarning = ({ events }: World) => events.findLast(({ type }) => type === 'Warning');

/** A world with a snapshot that the ledger calls good, so many hours old. */
function pastOf(ageHours: number, options: WorldOptions = {}): { readonly world: World; readonly good: TrueSnapshot } {
  const world = new World(options);
  const good = world.truth.save(full, world.now() - ageHours * HOUR_MILLISECONDS);
  remember(world);
  return { world, good };
}

/** A claim that was backed up once by the controller, and is protected. */
async function protectedWorld(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  world.createClaim('fresh');
  world.scale(1);
  await world.until(({ isAppRunning }) => isAppRunning);
  world.write((content) => ({ ...content, ...full }));
  await world.until(({ schedule }) => schedule !== undefined);
  await backUp(world);
  return world;
}

async function backUp(world: World): Promise<void> {
  world.backUp('complete');
  await world.calmRound();
  await world.calmRound();
}

describe('a snapshot that lacks what the last good one has', () => {
  it('invariant 11: is not restored: the good one is, and the claim is warned until someone answers', async () => {
    const { world, good } = pastOf(2);
    const partial = world.truth.save(half, world.now() - HOUR_MILLISECONDS);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...full, snapshotId: good.id });
    const told = world.events.find(({ reason }) => reason === 'OlderRestored');
    expect(told?.type).toBe('Warning');
    expect(told?.message).toContain(`it lacks file-${half.files - 1}`);
    const finding = { kind: 'OlderRestored', restoredId: good.id, newerId: partial.id };
    expect(findingOf(world)).toMatchObject(finding);
    expect(conditionOf(world, 'OlderRestored')?.status).toBe('True');
    await world.calmRound();
    expect(protectionOf(world)?.restoreFinding).toMatchObject(finding);
    expect(timesTold(world, 'OlderRestored')).toBe(1);
    await world.restart();
    await world.calmRound();
    expect(timesTold(world, 'OlderRestored'), 'told again: who told it may have died with the word').toBe(2);
    world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')[ACCEPT_RESTORE_ANNOTATION] = good.id.slice(0, 8);
    });
    await world.calmRound();
    expect(protectionOf(world)?.restoreFinding).toBeUndefined();
    expect(protectionOf(world)?.conditions?.map(({ type }) => type)).not.toContain('OlderRestored');
  });

  it('lets the claim wait where the good one is much older, and an annotation on the claim answers', async () => {
    const { world, good } = pastOf(48);
    const newest = world.truth.save(half, world.now() - HOUR_MILLISECONDS);
    world.createClaim('restore');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.prime).toBeUndefined();
    expect(conditionOf(world, 'Held')?.status).toBe('True');
    expect(lastWarning(world)?.reason).toBe('RestoreHeld');
    for (const { id } of [good, newest]) expect(lastWarning(world)?.message).toContain(`"${id.slice(0, 8)}"`);
    world.ask('newest');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(newest.id);
    expect(findingOf(world)).toBeUndefined();
    expect(conditionOf(world, 'Held')).toBeUndefined();
  });

  it('is restored where the policy takes what nothing vouches for', async () => {
    const { world } = pastOf(48);
    const newest = world.truth.save(half, world.now() - HOUR_MILLISECONDS);
    world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(object, 'spec')['restore'] = { unvouched: 'Take' };
    });
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(newest.id);
    expect(lastWarning(world)?.message).toContain('spec.restore.unvouched: Take');
  });

  it('is restored where it lacks nothing, whatever the ledger says of it', async () => {
    const { world } = pastOf(48);
    const grown = world.truth.save({ ...full, files: 60 }, world.now() - HOUR_MILLISECONDS);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(grown.id);
    expect(world.events.map(({ type }) => type)).not.toContain('Warning');
  });
});

describe('two snapshots of one second', () => {
  /** The good one, and a partial one that a try right after it has left. */
  function twins(): { readonly world: World; readonly good: TrueSnapshot; readonly partial: TrueSnapshot } {
    const { world, good } = pastOf(48);
    return { world, good, partial: world.truth.savePart(half, good.timeMilliseconds + 400) };
  }

  it('invariant 10: let a claim wait that asks for the first of them, with words that say what to do', async () => {
    const { world, good, partial } = twins();
    world.createClaim('restore', new Date(good.timeMilliseconds).toISOString());
    for (let round = 0; round < 5; round += 1) await world.calmRound();
    expect(world.attempts).toEqual([]);
    expect(conditionOf(world, 'Ready')?.reason).toBe('IndistinctSnapshot');
    expect(lastWarning(world)?.message).toContain(`restic forget ${shortOf(partial.id)}`);
    world.ask(shortOf(partial.id));
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(partial.id);
  });

  it('are one again when the second is removed: the claim gets the first', async () => {
    const { world, good, partial } = twins();
    world.createClaim('restore', shortOf(good.id));
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.content).toBeUndefined();
    world.truth.remove(partial.id);
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(good.id);
  });
});

describe('a collapse that nobody has accepted', () => {
  it('invariant 11: is not what a claim gets that is created again', async () => {
    const world = await protectedWorld();
    const good = world.truth.newest;
    world.wait(HOUR_MILLISECONDS);
    world.write((content) => ({ ...content, files: 2, sizeBytes: 10 }));
    await backUp(world);
    expect(world.truth.newest?.content.files).toBe(2);
    world.recreateClaim();
    await world.until(isCompleted, 60);
    expect(world.content).toEqual({ ...full, snapshotId: good?.id });
    expect(world.told).toContain('OlderRestored');
  });
});

describe('a repository that lost snapshots', () => {
  it('lets the claim wait where the ledger remembers a much newer good one', async () => {
    const world = await protectedWorld({ retention: { last: 30 } });
    const first = world.truth.newest?.id;
    for (let day = 0; day < 5; day += 1) {
      world.wait(DAY_MILLISECONDS);
      world.write((content) => ({ ...content, files: content.files + 20 }));
      await backUp(world);
    }
    const lost = world.truth.newest?.id;
    for (const { id } of world.truth.snapshots) if (id !== first) world.destination.restic.removeSnapshot(id);
    world.recreateClaim();
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.content).toBeUndefined();
    expect(findingOf(world)?.kind).toBe('Held');
    for (const id of [first, lost]) expect(lastWarning(world)?.message).toContain(shortOf(id));
  });
});

describe('a ledger', () => {
  it('invariant 2: that does not answer lets the claim wait, and it goes on by itself', async () => {
    const { world, good } = pastOf(1);
    world.destination.mood = 'ledgerFails';
    world.createClaim('restore');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.prime).toBeUndefined();
    expect(conditionOf(world, 'Held')).toBeUndefined();
    world.destination.mood = 'answers';
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(good.id);
  });

  it.each([
    ['without a record of the claim', undefined],
    ['whose record cannot be understood', Buffer.from('{}')],
  ])('%s lets the claim wait for an answer where snapshots are there', async (_, record) => {
    const { world } = pastOf(1);
    if (record === undefined) world.removeRecord();
    else world.destination.restic.store.objects.set(RECORD_KEY, record);
    world.createClaim('restore');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.prime).toBeUndefined();
    expect(findingOf(world)?.kind).toBe('Held');
    expect(lastWarning(world)?.message).toContain('or "newest"');
  });
});

describe('the choice', () => {
  it('is made again right before the mover starts, days after the claim appeared', async () => {
    const { world, good } = pastOf(24, { volumeBindingMode: 'WaitForFirstConsumer' });
    world.createClaim('restore');
    for (let times = 0; times < 3; times += 1) await world.look();
    expect(world.restore?.status?.snapshot?.id).toBe(good.id);
    world.wait(7 * DAY_MILLISECONDS);
    const newer = world.truth.save({ ...full, files: 60 }, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.scale(1);
    await world.until(isCompleted, 60);
    expect(world.content?.snapshotId).toBe(newer.id);
    const told = world.events.filter(({ reason }) => reason === 'Restoring').map(({ message }) => message);
    expect(told.some((message) => message.includes(newer.id.slice(0, 8)))).toBe(true);
  });

  it('invariant 1: of a blank volume is made again before it is handed over', async () => {
    const world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.blank === true);
    const late = world.truth.save(full, world.now());
    remember(world);
    world.scale(1);
    await world.until(isCompleted, 60);
    expect(world.content).toEqual({ ...full, snapshotId: late.id });
    expect(world.restore?.status?.blank).toBeUndefined();
  });

  it('invariant 2: of a blank volume is taken back while the store does not answer', async () => {
    const world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.blank === true);
    world.destination.mood = 'silent';
    world.scale(1);
    for (let round = 0; round < 5; round += 1) await world.calmRound();
    expect(world.claim?.spec.volumeName).toBeUndefined();
    world.destination.mood = 'answers';
    await world.until(isCompleted);
  });
});

describe('an old snapshot that is asked for', () => {
  it('is warned of where newer good ones are there', async () => {
    const { world, good } = pastOf(48);
    const newer = world.truth.save(full, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore', good.id.slice(0, 8));
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(good.id);
    expect(lastWarning(world)).toMatchObject({ reason: 'Restoring' });
    expect(lastWarning(world)?.message).toContain(newer.id.slice(0, 8));
    expect(findingOf(world)).toBeUndefined();
  });
});

describe('a snapshot of a node whose clock was ahead', () => {
  const grown = { ...full, files: 60 };

  it('invariant 1: does not pass for the newest while its time has not come: what was stored last is restored', async () => {
    const world = new World();
    world.truth.saveAhead(full, world.now() - 2 * HOUR_MILLISECONDS, 12 * HOUR_MILLISECONDS);
    remember(world);
    const newest = world.truth.save(grown, world.now() - HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...grown, snapshotId: newest.id });
  });

  it('is restored where it is the newest, and shown with the time at which it was stored', async () => {
    const world = new World();
    world.truth.save(full, world.now() - 2 * HOUR_MILLISECONDS);
    remember(world);
    const storedAt = world.now() - HOUR_MILLISECONDS;
    const newest = world.truth.saveAhead(grown, storedAt, 12 * HOUR_MILLISECONDS);
    remember(world);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content).toEqual({ ...grown, snapshotId: newest.id });
    expect(world.restore?.status?.snapshot?.time).toBe(new Date(storedAt).toISOString());
  });
});
