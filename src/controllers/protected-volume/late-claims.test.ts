import { beforeEach, describe, expect, it } from 'vitest';
import { ACCEPT_RESTORE_ANNOTATION, DECISION_TOKEN_ANNOTATION, RESTORE_ANNOTATION } from '../../api/labels.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { childOf } from '#doubles/kube/json.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { remember } from '#simulation/past.ts';
import { type Admitted, CLAIM_REF, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };
const other = { files: 36, sizeBytes: 7_000_000, complete: true };

let world: World;
/** The newest backup of the earlier claim, of days ago: only what is younger than two days is never pruned. */
let earlier: TrueSnapshot;
beforeEach(() => {
  world = new World({ retention: { last: 2 } });
  earlier = world.truth.save(full, world.now() - 72 * HOUR_MILLISECONDS);
  remember(world);
});

const status = () => world.protection?.status;
const told = () => world.events.filter(({ reason }) => reason === 'NotRestored');
const isKept = (): boolean => world.truth.has(earlier.id);

/** The claim is there, its application writes something else than what the backups hold, and it has a schedule. */
async function begin(admitted: Admitted, request?: string): Promise<void> {
  world.createClaim(admitted, request);
  await use();
}

async function use(): Promise<void> {
  world.scale(1);
  await world.until(({ isAppRunning }) => isAppRunning);
  world.write((before) => ({ ...before, ...other }));
  await world.until(({ schedule }) => schedule !== undefined);
}

async function backUp(times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    world.wait(HOUR_MILLISECONDS);
    world.backUp('complete');
    await world.calmRound();
  }
}

function annotate(key: string, value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[key] = value;
  });
}

describe('a claim that admission did not decide on, of a name that has backups', () => {
  it('invariant 4: keeps the backups of the earlier claim until its user answers', async () => {
    await begin('late');
    await backUp(4);
    expect(status()).toMatchObject({ decision: 'late', pruningPaused: true, pruningPausedBecause: ['NotRestored'] });
    expect(isKept()).toBe(true);
    annotate(ACCEPT_RESTORE_ANNOTATION, earlier.id.slice(0, 8));
    await world.calmRound();
    await backUp(3);
    expect(status()).toMatchObject({ pruningPaused: false, pruningPausedBecause: [] });
    expect(isKept()).toBe(false);
  });

  it('invariant 10: is told which backups were not restored, and how to get them', async () => {
    await begin('late');
    await backUp(1);
    expect(told()).toHaveLength(1);
    const [{ type, message } = { type: '', message: '' }] = told();
    expect(type).toBe('Warning');
    expect(message).toContain(`${earlier.id.slice(0, 8)} of 2029-12-29T00:00:00`);
    expect(message).toContain('40 files');
    expect(message).toContain(`rebound.dev/restore: "${earlier.id.slice(0, 8)}"`);
    expect(message).toContain(`rebound.dev/accept-restore: "${earlier.id.slice(0, 8)}"`);
    expect(status()?.restoreFinding).toMatchObject({ kind: 'NotRestored', newerId: earlier.id });
    expect(status()?.conditions).toContainEqual(
      expect.objectContaining({ type: 'NotRestored', status: 'True', message }),
    );
    expect(status()?.phase).toBe('Protected');
  });

  it('invariants 4 and 7: keeps them whatever becomes of the controller, of the label, and of the status', async () => {
    await begin('late');
    await backUp(2);
    await world.restart();
    await backUp(2);
    expect(isKept()).toBe(true);
    world.setLabel(undefined);
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(world.server.list(protectedVolumes)).toEqual([]);
    world.setLabel('hourly');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    await backUp(4);
    expect(status()?.restoreFinding).toMatchObject({ kind: 'NotRestored', newerId: earlier.id });
    expect(isKept()).toBe(true);
  });

  it('invariant 4: keeps them where the controller dies at any write of its first looks', async () => {
    for (let after = 0; after < 12; after += 1) {
      world = new World({ retention: { last: 2 } });
      earlier = world.truth.save(full, world.now() - 72 * HOUR_MILLISECONDS);
      remember(world);
      world.createClaim('late');
      world.process.client.expect({ after, fault: 'refused', fatal: true });
      await use();
      await backUp(4);
      expect(isKept(), `died at write ${after}`).toBe(true);
    }
  });

  it('invariant 4: keeps them from the first look on where the schedule of the earlier claim is still there', async () => {
    await begin('restore');
    await backUp(1);
    world.scale(0);
    world.deleteClaim();
    world.cluster.protect();
    world.createClaim('late');
    world.cluster.passes.provision();
    world.cluster.passes.bind();
    world.process.copies.seeEverything();
    await world.reconcileProtection();
    expect(status()?.restoreFinding?.kind).toBe('NotRestored');
    expect(world.schedule?.spec['restic']).toMatchObject({ retain: { within: '1000y' } });
  });

  it('is not answered by another snapshot, nor by too few digits', async () => {
    await begin('late');
    annotate(ACCEPT_RESTORE_ANNOTATION, earlier.id.slice(0, 7));
    await backUp(4);
    expect(isKept()).toBe(true);
    annotate(ACCEPT_RESTORE_ANNOTATION, world.truth.newest?.id ?? '');
    await backUp(4);
    expect(isKept()).toBe(true);
  });

  it('invariant 4: keeps them where the decision came with the manifest of the claim that was backed up', async () => {
    world.createClaim('fresh');
    annotate(DECISION_TOKEN_ANNOTATION, `shop/data@${rfc3339(world.now() - 72 * HOUR_MILLISECONDS)}`);
    await use();
    await backUp(4);
    expect(status()).toMatchObject({ decision: 'late', pruningPausedBecause: ['NotRestored'] });
    expect(isKept()).toBe(true);
  });

  it('has nothing to answer where it asks for a blank start itself', async () => {
    await begin('late', 'none');
    await backUp(1);
    expect(told()).toEqual([]);
    expect(status()?.pruningPaused).toBe(false);
  });

  it('gets the backups when it is created again as the message says', async () => {
    await begin('late');
    await backUp(2);
    world.recreateClaim(earlier.id.slice(0, 8));
    await world.until(({ restore }) => restore?.status?.phase === 'Completed', 60);
    expect(world.content).toMatchObject({ files: 41, snapshotId: earlier.id });
    expect(world.claim?.metadata.annotations?.[RESTORE_ANNOTATION]).toBe(earlier.id.slice(0, 8));
  });
});

describe('a claim whose backups are its own, or that admission decided on', () => {
  it('has nothing to answer when its label was removed and put back', async () => {
    world = new World({ retention: { last: 2 } });
    await begin('late');
    await backUp(2);
    world.setLabel(undefined);
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    world.setLabel('hourly');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    await backUp(2);
    expect(told()).toEqual([]);
    expect(status()).toMatchObject({ phase: 'Protected', pruningPaused: false });
  });

  it.each(['fresh', 'restore'] as const)('has nothing to answer: %s', async (admitted) => {
    await begin(admitted);
    await backUp(2);
    expect(told()).toEqual([]);
    expect(status()?.restoreFinding).toBeUndefined();
  });
});
