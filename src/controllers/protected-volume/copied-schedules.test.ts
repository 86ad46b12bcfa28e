import { beforeEach, describe, expect, it } from 'vitest';
import { type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../engines/volsync/replication-source.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { lookAfter, putInUse } from '#simulation/in-use.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const MINUTE = 60_000;

let world: World;
beforeEach(() => {
  world = new World();
});

async function backedUp(): Promise<ReplicationSource> {
  await putInUse(world);
  await lookAfter(world, MINUTE);
  world.backUp('complete');
  await lookAfter(world, MINUTE);
  if (world.schedule === undefined) throw new Error('there is no schedule to copy');
  return world.schedule;
}

/** What Velero makes of a schedule and its Secret: all that they had, but no owner and no status. */
function copyIn({ metadata, spec }: ReplicationSource, changes: object = {}): void {
  const { name, labels } = metadata;
  const restored = { ...labels, 'velero.io/restore-name': 'monday' };
  const secret = { namespace: NAMESPACE, name: repositorySecretOf({ spec }) ?? '', labels: restored };
  world.server.create(secrets, { metadata: secret, data: {} });
  world.server.create(replicationSources, {
    metadata: { namespace: NAMESPACE, name, labels: restored, ...changes },
    spec,
  });
}

const secretNames = (): string[] =>
  world.server
    .list(secrets)
    .filter(({ metadata }) => metadata.namespace === NAMESPACE)
    .map(({ metadata }) => metadata.name);

async function goneWithItsClaim(): Promise<ReplicationSource> {
  const schedule = await backedUp();
  world.scale(0);
  world.deleteClaim();
  world.cluster.protect();
  for (let round = 0; round < 4; round += 1) {
    world.cluster.collect();
    await world.look();
  }
  expect(world.schedule).toBeUndefined();
  return schedule;
}

describe('invariants 3 and 12: a schedule that a tool has copied without its owner', () => {
  it('is removed with its Secret before the restore of the claim is proven', async () => {
    const schedule = await goneWithItsClaim();
    copyIn(schedule);
    world.createClaim('restore');
    await lookAfter(world, 1_000);
    expect(world.restore?.status?.provenTime).toBeUndefined();
    expect(world.schedule).toBeUndefined();
    expect(secretNames()).not.toContain(repositorySecretOf(schedule));
  });

  it('is replaced by one of our own once the claim has its data, and is told', async () => {
    const schedule = await goneWithItsClaim();
    world.createClaim('restore');
    world.scale(1);
    await world.until((one) => one.isAppRunning);
    copyIn(schedule);
    await lookAfter(world, MINUTE);
    await lookAfter(world, MINUTE);
    expect(world.schedule?.metadata.ownerReferences?.[0]?.uid).toBe(world.protection?.metadata.uid);
    expect(world.told).toContain('CopiedSchedule');
  });

  it('is removed where there is no labelled claim at all', async () => {
    copyIn(await goneWithItsClaim());
    await lookAfter(world, 1_000);
    expect(world.schedule).toBeUndefined();
    expect(secretNames()).toEqual([]);
  });

  it.each([
    ['does not say that Rebound made it', { labels: {} }],
    ['belongs to something else', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' }] }],
  ])('invariant 5: is left alone where it %s', async (_, changes) => {
    copyIn(await goneWithItsClaim(), changes);
    await lookAfter(world, 1_000);
    world.createClaim('restore');
    await lookAfter(world, 1_000);
    expect(world.server.list(replicationSources)).toHaveLength(1);
  });
});

describe('a ProtectedVolume that a tool has copied without its owner', () => {
  it('goes where its claim is not there', async () => {
    world.server.create(protectedVolumes, {
      metadata: CLAIM_REF,
      spec: { claimName: CLAIM_REF.name, policyName: 'hourly' },
    });
    await lookAfter(world, MINUTE);
    expect(world.protection).toBeUndefined();
  });

  it('becomes that of the claim where this is there', async () => {
    world.server.create(protectedVolumes, {
      metadata: CLAIM_REF,
      spec: { claimName: CLAIM_REF.name, policyName: 'hourly' },
    });
    world.createClaim('fresh');
    await lookAfter(world, MINUTE);
    expect(world.protection?.metadata.ownerReferences?.[0]?.uid).toBe(world.claim?.metadata.uid);
    expect(world.protection?.status?.claimUID).toBe(world.claim?.metadata.uid);
  });
});
