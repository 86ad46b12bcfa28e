import { describe, expect, it } from 'vitest';
import { SYSTEM_NAMESPACE } from '../../api/group.ts';
import { TAKE_OVER_ANNOTATION } from '../../api/labels.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { persistentVolumeClaims, secrets } from '../../kube/model/built-in-kinds.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KEY = { namespace: NAMESPACE, claim: CLAIM };

const full = { files: 41, sizeBytes: 8_000_000, complete: true };

/** A cluster whose claim is protected. */
async function owning(): Promise<World> {
  const world = new World({ retention: { last: 30 } });
  world.createClaim('fresh');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  world.write((content) => ({ ...content, ...full }));
  await world.until((one) => one.schedule !== undefined);
  await backUp(world);
  return world;
}

async function backUp(world: World): Promise<void> {
  world.backUp('complete');
  await world.calmRound();
  await world.calmRound();
}

/** Another cluster with the same manifests and the same store, whose claim has come back from the backups of the first. */
async function joining(first: World): Promise<World> {
  const world = new World({ retention: { last: 30 }, beside: first, clusterUid: 'cluster-b' });
  world.createClaim('restore');
  world.scale(1);
  await first.calmRound();
  await world.until((one) => one.claim?.status?.phase === 'Bound', 10);
  return world;
}

const readyOf = (world: World) => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

function ownerOf(world: World) {
  const bytes = world.destination.restic.store.objects.get(claimRecordKey(KEY));
  const record = bytes === undefined ? undefined : parseClaimRecord(KEY, bytes);
  return record?.ok === true ? record.value.owner : undefined;
}

/** The user of a cluster wants its backups to be that cluster's, and no more those of the other one. */
function askFor(world: World, formerOwner: string | undefined): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    const annotations = childOf(childOf(object, 'metadata'), 'annotations');
    if (formerOwner === undefined) Reflect.deleteProperty(annotations, TAKE_OVER_ANNOTATION);
    else annotations[TAKE_OVER_ANNOTATION] = formerOwner;
  });
}

/** Both clusters go on for a while, or only the second. */
async function goOn(worlds: readonly World[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const world of worlds) await world.calmRound();
    worlds[0]?.wait(MINUTE);
  }
}

describe('a claim that two clusters with one store have', () => {
  it('invariant 12: is backed up by the one that was first, while that lives', async () => {
    const first = await owning();
    const second = await joining(first);
    await goOn([first, second], 5);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-a');
    expect(first.schedule).toBeDefined();
    expect(second.schedule).toBeUndefined();
    expect(readyOf(second)).toMatchObject({ status: 'False', reason: 'ForeignOwner' });
    expect(readyOf(second)?.message).toContain('cluster-a');
  });

  it('is restored in the second from what the first has backed up', async () => {
    const first = await owning();
    const newest = first.truth.newest?.id;
    const second = await joining(first);
    expect(second.content?.snapshotId).toBe(newest);
    const told = second.events.find(({ reason }) => reason === 'Restoring');
    expect(told?.type).toBe('Warning');
    expect(told?.message).toContain('cluster-a');
  });

  it('is not restored in the second where its policy says to hold, until the first is silent', async () => {
    const first = await owning();
    const second = new World({ beside: first, clusterUid: 'cluster-b' });
    second.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(object, 'spec')['restore'] = { foreign: 'Hold' };
    });
    second.createClaim('restore');
    second.scale(1);
    for (let round = 0; round < 3; round += 1) {
      await first.calmRound();
      await second.calmRound();
    }
    expect(second.claim?.spec.volumeName).toBeUndefined();
    expect(second.told).toContain('RestoreHeld');
    first.wait(11 * MINUTE);
    await second.until((one) => one.claim?.status?.phase === 'Bound', 10);
    expect(second.content?.snapshotId).toBe(first.truth.newest?.id);
  });

  it('passes to the second once the first has been silent for ten minutes', async () => {
    const first = await owning();
    const second = await joining(first);
    first.wait(11 * MINUTE);
    await goOn([second], 3);
    expect(second.schedule).toBeDefined();
    expect(ownerOf(second)?.clusterUid).toBe('cluster-b');
    expect(second.told).toContain('BackupsTakenOver');
  });

  it('passes to the second at once when the first gives it up', async () => {
    const first = await owning();
    const second = await joining(first);
    first.setLabel(undefined);
    await first.calmRound();
    expect(ownerOf(first)?.releasedAt).toBeDefined();
    await goOn([first, second], 3);
    expect(ownerOf(second)?.clusterUid).toBe('cluster-b');
    expect(second.schedule).toBeDefined();
  });

  it('passes to the second at once when its user says so', async () => {
    const first = await owning();
    const second = await joining(first);
    askFor(second, 'cluster-a');
    await goOn([first, second], 3);
    expect(ownerOf(second)?.clusterUid).toBe('cluster-b');
  });

  it('invariant 12: passes back to the first when its user says so, and stays there', async () => {
    const first = await owning();
    const second = await joining(first);
    askFor(second, 'cluster-a');
    await goOn([first, second], 3);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-b');
    askFor(first, 'cluster-b');
    first.backUp('complete');
    await goOn([first, second], 3);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-a');
    second.backUp('complete');
    await goOn([first, second], 5);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-a');
    expect(first.schedule).toBeDefined();
    expect(second.schedule).toBeUndefined();
  });

  it('passes to the second again when its user asks once more', async () => {
    const first = await owning();
    const second = await joining(first);
    askFor(second, 'cluster-a');
    await goOn([first, second], 3);
    askFor(first, 'cluster-b');
    await goOn([first, second], 3);
    second.backUp('complete');
    await goOn([second], 2);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-a');
    askFor(second, undefined);
    await goOn([second], 2);
    askFor(second, 'cluster-a');
    await goOn([second], 2);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-b');
  });

  it('invariant 12: is left by the one that wakes up after it was taken over, whose backups since are not vouched for', async () => {
    const first = await owning();
    const second = await joining(first);
    first.wait(11 * MINUTE);
    await goOn([second], 3);
    await backUp(second);
    const vouched = second.truth.newest?.id;
    first.wait(HOUR);
    await second.calmRound();
    first.backUp('complete');
    await goOn([first, second], 3);
    expect(first.schedule).toBeUndefined();
    expect(readyOf(first)?.reason).toBe('ForeignOwner');
    expect(ownerOf(second)?.clusterUid).toBe('cluster-b');
    expect(second.protection?.status?.lastBackup?.id).toBe(vouched);
  });

  it('invariant 12: is no longer backed up by one that could not show for eight minutes that it lives, and is again once it can', async () => {
    const first = await owning();
    first.destination.mood = 'signsFail';
    for (let minute = 0; minute < 7; minute += 1) await first.calmRound();
    expect(first.schedule?.spec['paused']).toBe(false);
    await first.calmRound();
    expect(first.schedule?.spec['paused']).toBe(true);
    expect(readyOf(first)?.message).toContain('another may take its claims over');
    first.destination.mood = 'answers';
    await first.calmRound();
    expect(first.schedule?.spec['paused']).toBe(false);
  });

  it('invariants 4 and 12: keeps everything where the keys of the destination are lost but to the movers, and is soon no longer backed up', async () => {
    const first = await owning();
    const keys = first.server.get(secrets, { namespace: SYSTEM_NAMESPACE, name: 'keys' });
    first.server.delete(secrets, { namespace: SYSTEM_NAMESPACE, name: 'keys' });
    await first.calmRound();
    expect(first.schedule?.spec['restic']).toMatchObject({ retain: { within: '1000y' } });
    for (let minute = 1; minute < 8; minute += 1) await first.calmRound();
    expect(first.schedule?.spec['paused']).toBe(true);
    first.server.create(secrets, { metadata: { namespace: SYSTEM_NAMESPACE, name: 'keys' }, data: keys?.data });
    await first.calmRound();
    expect(first.schedule?.spec['paused']).toBe(false);
  });

  it('invariants 12 and 13: is soon vouched for again, where hours passed without a backup and both then back up at the same time', async () => {
    const first = await owning();
    const second = await joining(first);
    first.wait(3 * HOUR);
    await goOn([first, second], 2);
    expect(ownerOf(first)?.clusterUid).toBe('cluster-b');
    for (let run = 0; run < 3; run += 1) {
      first.backUp('complete');
      second.backUp('complete');
      await goOn([first, second], 2);
    }
    expect(ownerOf(first)?.clusterUid).toBe('cluster-b');
    expect(first.schedule).toBeUndefined();
    expect(second.protection?.status?.lastBackup?.id).toBe(second.truth.newest?.id);
  });

  it('is restored by one that can show no sign of life', async () => {
    const first = await owning();
    first.destination.mood = 'signsFail';
    for (let minute = 0; minute < 9; minute += 1) await first.calmRound();
    first.recreateClaim();
    first.scale(1);
    await first.until((one) => one.isAppRunning);
    expect(first.content?.snapshotId).toBe(first.truth.newest?.id);
  });

  it('stays with the first where that has only created its claim again', async () => {
    const first = await owning();
    const second = await joining(first);
    first.scale(0);
    first.deleteClaim();
    first.cluster.protect();
    await first.look();
    expect(ownerOf(first)?.releasedAt).toBeDefined();
    first.createClaim('restore');
    await first.until((one) => one.claim?.status?.phase === 'Bound' && one.schedule !== undefined);
    await goOn([second, first], 5);
    expect(ownerOf(first)).toMatchObject({ clusterUid: 'cluster-a' });
    expect(ownerOf(first)?.releasedAt).toBeUndefined();
    expect(first.schedule).toBeDefined();
    expect(second.schedule).toBeUndefined();
  });
});
