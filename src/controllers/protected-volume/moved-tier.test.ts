import { beforeEach, describe, expect, it } from 'vitest';
import { backupDestinations, backupPolicies } from '../../api/resource-kinds.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { childOf } from '#doubles/kube/json.ts';
import { World } from '#simulation/world.ts';

const MINUTE = 60_000;
const OTHER_IDENTITY = '00000000-0000-4000-8000-000000000007';
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;
/** Another cluster, which backs the same claim up into another destination. */
let other: World;

const readyOf = (one: World) => one.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

async function protect(one: World): Promise<void> {
  one.createClaim('fresh');
  one.scale(1);
  await one.until(({ isAppRunning }) => isAppRunning);
  one.write((content) => ({ ...content, ...full }));
  await one.until(({ schedule }) => schedule !== undefined);
  one.backUp('complete');
  for (let round = 0; round < 2; round += 1) await one.calmRound();
}

async function goOn(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) for (const one of [world, other]) await one.calmRound();
}

/** The other cluster's destination is another one than ours, though it is named the same there. */
function setApart(one: World): void {
  one.destination.restic.store.objects.set(
    IDENTITY_KEY,
    encodeIdentity(newDestinationIdentity(OTHER_IDENTITY, new Date(0))),
  );
  one.server.change(backupDestinations, { name: 'default' }, (object) => {
    childOf(object, 'spec')['identity'] = OTHER_IDENTITY;
  });
}

/** A destination of our cluster that is the one of the other. */
function addDestination(): void {
  world.furtherStores.set('other-bucket', other.destination.store);
  world.server.create(backupDestinations, {
    metadata: { name: 'moved' },
    spec: {
      s3: { bucket: 'other-bucket', endpoint: 'http://s3.example', credentialsSecretName: 'keys' },
      repositoryPasswordSecretName: 'master',
      identity: OTHER_IDENTITY,
    },
  });
}

/** The tier of our cluster names this destination from now on. */
function moveTier(destination: 'default' | 'moved'): void {
  world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
    childOf(object, 'spec')['destination'] = destination;
  });
}

beforeEach(async () => {
  world = new World();
  other = new World({ clusterUid: 'cluster-b' });
  setApart(other);
  addDestination();
  await protect(world);
  await protect(other);
  expect(readyOf(world)?.reason).toBe('Protected');
  expect(readyOf(other)?.reason).toBe('Protected');
});

describe('a claim whose tier moves to a destination into which another living cluster backs the same claim up', () => {
  it('invariant 12: is not backed up there', async () => {
    moveTier('moved');
    await goOn(5);
    expect(readyOf(world)).toMatchObject({ status: 'False', reason: 'ForeignOwner' });
    expect(world.schedule).toBeUndefined();
    expect(readyOf(other)?.reason).toBe('Protected');
  });

  it('is backed up where it was again once the tier moves back', async () => {
    moveTier('moved');
    await goOn(3);
    moveTier('default');
    await goOn(3);
    expect(world.schedule).toBeDefined();
    expect(readyOf(world)?.reason).toBe('Protected');
  });

  it('is backed up there once that cluster is silent', async () => {
    moveTier('moved');
    for (const one of [world, other]) one.wait(15 * MINUTE);
    for (let round = 0; round < 5; round += 1) await world.calmRound();
    expect(world.told).toContain('BackupsTakenOver');
    expect(world.schedule).toBeDefined();
  });
});
