import { describe, expect, it } from 'vitest';
import { type ReplicationSource, replicationDestinations, replicationSources } from '../../engines/volsync/kinds.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { protectedVolumes, volumeRestores } from '../../api/resource-kinds.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import type { RestoreEnd } from '#doubles/volsync/volsync.ts';
import { childOf } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const RECORD_KEY = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });
const full = { files: 41, sizeBytes: 8_000_000, complete: true };
const NEW_IN_RECORDS = ['runs', 'owner', 'destinationId', 'intervalSeconds', 'volumeCapacityBytes'];
const NEW_IN_RESTORES = ['clearedPrime', 'finding', 'volumeCapacityBytes', 'destinationName', 'policyName'];
const NEW_IN_PROTECTIONS = ['owner', 'pruningPausedBecause', 'lastFinding', 'collapse'];
/** The first release's name for the Secret of a schedule. */
const FORMER_SECRET = 'rebound-data';

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';

const without = (fields: readonly string[], object: object): void => {
  for (const field of fields) Reflect.deleteProperty(object, field);
};

/** A restore whose mover was started by the first release, without a look and with leave to remove files. */
async function midRestore(end: RestoreEnd): Promise<World> {
  const world = new World();
  world.truth.save(full, world.now() - HOUR_MILLISECONDS);
  remember(world);
  world.createClaim('restore');
  await world.until(({ attempts }) => attempts[0] !== undefined);
  for (const { metadata } of world.server.list(volumeRestores)) {
    world.server.change(volumeRestores, metadata, (object) => {
      without(NEW_IN_RESTORES, childOf(object, 'status'));
    });
  }
  for (const { metadata } of world.attempts) {
    world.server.change(replicationDestinations, metadata, (object) => {
      without(['paused'], childOf(object, 'spec'));
      childOf(childOf(object, 'spec'), 'restic')['enableFileDeletion'] = true;
    });
  }
  await world.restart();
  world.cluster.provision();
  world.cluster.bind();
  world.engine.startMovers();
  world.cluster.schedule();
  world.engine.endMovers(end);
  return world;
}

describe('a claim that the first release was restoring', () => {
  it.each(['complete', 'half', 'nothing', 'error'] as const)(
    'is restored by this one after a mover that ended with %s',
    async (end) => {
      const world = await midRestore(end);
      await world.until(isCompleted, 40);
      expect(world.content).toMatchObject(full);
    },
  );
});

/** Schedule, Secret, status and ledger record as the first release left them. */
function asFirstRelease(world: World, schedule: ReplicationSource): void {
  const [present] = world.server.list(secrets).filter(({ metadata }) => metadata.name.startsWith(FORMER_SECRET));
  if (present === undefined) throw new Error('the schedule has no Secret');
  world.server.create(secrets, {
    metadata: { namespace: NAMESPACE, name: FORMER_SECRET },
    data: { ...present.data },
  });
  world.server.delete(secrets, present.metadata);
  world.server.change(replicationSources, schedule.metadata, (object) => {
    const restic = childOf(childOf(object, 'spec'), 'restic');
    restic['repository'] = FORMER_SECRET;
    restic['retain'] = { last: '3', within: '2d' };
  });
  world.server.change(protectedVolumes, CLAIM_REF, (object) => {
    without(NEW_IN_PROTECTIONS, childOf(object, 'status'));
  });
  const { objects } = world.destination.restic.store;
  const record = parseClaimRecord({ namespace: NAMESPACE, claim: CLAIM }, objects.get(RECORD_KEY) ?? new Uint8Array());
  if (!record.ok) throw new Error(record.message);
  without(NEW_IN_RECORDS, record.value);
  objects.set(RECORD_KEY, Buffer.from(JSON.stringify(record.value)));
}

describe('a claim that the first release backed up', () => {
  it('is backed up by this one, with a Secret of its own', async () => {
    const world = new World();
    world.createClaim('fresh');
    world.scale(1);
    await world.until(({ isAppRunning }) => isAppRunning);
    world.write((content) => ({ ...content, ...full }));
    await world.until(({ schedule }) => schedule !== undefined);
    world.backUp('complete');
    await world.calmRound();
    if (world.schedule !== undefined) asFirstRelease(world, world.schedule);
    await world.restart();
    for (let round = 0; round < 6; round += 1) await world.calmRound();
    expect(world.server.list(secrets).map(({ metadata }) => metadata.name)).not.toContain(FORMER_SECRET);
    world.wait(HOUR_MILLISECONDS);
    world.backUp('complete');
    await world.calmRound();
    await world.calmRound();
    expect(world.protection?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Protected' }),
    );
    expect(world.protection?.status?.lastBackup?.id).toBe(world.truth.newest?.id);
    expect(world.protection?.status?.pruningPaused).toBe(false);
  });
});
