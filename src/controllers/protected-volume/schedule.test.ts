import { beforeEach, describe, expect, it } from 'vitest';
import { MOVER_USER_ANNOTATION, TIER_LABEL } from '../../api/labels.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import { backupJobName, repositorySecretOf } from '../../engines/volsync/replication-source.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { persistentVolumeClaims, pods, type Secret, secrets } from '../../kube/model/built-in-kinds.ts';
import { backupDestinations, protectedVolumes } from '../../api/resource-kinds.ts';
import { makePod, setPodPhase } from '#doubles/kube/cluster.ts';
import { lookAfter, putInUse } from '#simulation/in-use.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const OTHER_IDENTITY = '99999999-9999-4999-8999-999999999999';
const MINUTE = 60_000;

let world: World;
beforeEach(() => {
  world = new World();
});

const standing = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

const secretsHere = (): Secret[] =>
  world.server.list(secrets).filter(({ metadata }) => metadata.namespace === NAMESPACE);

const valueOf = (secret: Secret | undefined, key: string): string =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();

const namedSecret = (): Secret | undefined => {
  const name = world.schedule === undefined ? undefined : repositorySecretOf(world.schedule);
  return secretsHere().find(({ metadata }) => metadata.name === name);
};

/** The claim is bound, used, and backed up once. */
async function backedUp(): Promise<void> {
  await putInUse(world);
  await lookAfter(world, MINUTE);
  world.backUp('complete');
  await lookAfter(world, MINUTE);
  expect(standing()?.reason).toBe('Protected');
}

const setUser = (user: string): void =>
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[MOVER_USER_ANNOTATION] = user;
  });

const expectIdentity = (identity: string): void =>
  world.server.change(backupDestinations, { name: 'default' }, (object) => {
    childOf(object, 'spec')['identity'] = identity;
    childOf(childOf(object, 'spec'), 's3')['prefix'] = 'elsewhere';
  });

const MOVER = { namespace: NAMESPACE, name: 'mover-1' };

/** The engine has begun a run, and its mover works. */
function beginRun(): void {
  const name = world.schedule?.metadata.name ?? '';
  world.server.change(replicationSources, { namespace: NAMESPACE, name }, (object) => {
    childOf(object, 'status')['lastSyncStartTime'] = new Date(world.now()).toISOString();
  });
  const labels = { 'batch.kubernetes.io/job-name': backupJobName(name), 'app.kubernetes.io/created-by': 'volsync' };
  makePod(world.server, { ...MOVER, labels }, 'volsync-copy');
  const pod = world.server.get(pods, MOVER);
  if (pod !== undefined) setPodPhase(world.server, pod.metadata, 'Running');
}

function endRun(): void {
  world.server.delete(pods, MOVER);
  world.server.change(replicationSources, world.schedule?.metadata ?? MOVER, (object) => {
    Reflect.deleteProperty(childOf(object, 'status'), 'lastSyncStartTime');
  });
}

describe('invariant 12: a destination that is certainly another one', () => {
  beforeEach(async () => {
    await backedUp();
    expectIdentity(OTHER_IDENTITY);
  });

  it('pauses the schedule, changes nothing else of it, and the claim says so', async () => {
    const [before, secret] = [world.schedule, namedSecret()];
    await lookAfter(world, 1_000);
    expect(world.schedule?.spec).toEqual({ ...before?.spec, paused: true });
    expect(secretsHere()).toEqual([secret]);
    expect(standing()).toMatchObject({ status: 'False', reason: 'RepositoryUnavailable' });
    expect(standing()?.message).toContain('paused');
    world.backUp('complete');
    expect(world.truth.snapshots).toHaveLength(1);
  });

  it('does not break off a run: the schedule is paused when that has ended', async () => {
    beginRun();
    await lookAfter(world, 5 * MINUTE);
    expect(world.schedule?.spec['paused']).toBe(false);
    endRun();
    await lookAfter(world, 1_000);
    expect(world.schedule?.spec['paused']).toBe(true);
  });

  it('lets the schedule go on once it is the right one again', async () => {
    await lookAfter(world, 1_000);
    world.server.change(backupDestinations, { name: 'default' }, (object) => {
      childOf(object, 'spec')['identity'] = '00000000-0000-4000-8000-000000000001';
    });
    await lookAfter(world, 10_000);
    expect(world.schedule?.spec['paused']).toBe(false);
    expect(standing()?.reason).toBe('Protected');
  });
});

describe('invariant 12: a destination that does not answer', () => {
  it('starts nothing, and says why', async () => {
    await putInUse(world);
    world.server.delete(replicationSources, world.schedule?.metadata ?? CLAIM_REF);
    world.destination.mood = 'silent';
    await lookAfter(world, 11 * MINUTE);
    expect(world.schedule).toBeUndefined();
    expect(standing()).toMatchObject({ reason: 'RepositoryUnavailable' });
    world.destination.mood = 'answers';
    await lookAfter(world, MINUTE);
    expect(world.schedule).toBeDefined();
  });

  it('changes nothing, and goes on with what there is', async () => {
    await backedUp();
    const before = world.schedule;
    world.destination.mood = 'silent';
    world.exchangeKeys('newSecret');
    await lookAfter(world, MINUTE);
    expect(world.schedule).toEqual(before);
    expect(standing()?.reason).toBe('RepositoryUnavailable');
  });
});

describe('invariant 12: a repository', () => {
  it('is initialised before there is anything that could start a mover', async () => {
    world.destination.mood = 'listingsFail';
    await putInUse(world);
    await lookAfter(world, MINUTE);
    expect(world.schedule).toBeUndefined();
    expect(standing()?.message).toContain('could not be initialised');
    world.destination.mood = 'answers';
    await lookAfter(world, MINUTE);
    expect(world.schedule).toBeDefined();
    const keys = [...world.destination.restic.store.objects.keys()].filter((key) => key.startsWith('shop/data/'));
    expect(keys).toContain('shop/data/config');
    expect(keys).toHaveLength(2);
  });
});

describe('a run that is under way', () => {
  beforeEach(async () => {
    await backedUp();
    beginRun();
  });

  it('is not replaced by an edit; the edit waits for its end', async () => {
    const before = world.schedule?.spec;
    setUser('999:999:999');
    world.exchangeKeys('newSecret');
    await lookAfter(world, 5 * MINUTE);
    expect(world.schedule?.spec).toEqual(before);
    endRun();
    await lookAfter(world, 1_000);
    expect(world.schedule?.spec['restic']).toMatchObject({ moverSecurityContext: { runAsUser: 999 } });
    expect(valueOf(namedSecret(), 'AWS_SECRET_ACCESS_KEY')).toBe('newSecret');
  });

  it('gets an edit that may be its cure, where its mover does not run', async () => {
    const pod = world.server.get(pods, MOVER);
    if (pod !== undefined) setPodPhase(world.server, pod.metadata, 'Failed');
    setUser('999:999:999');
    await lookAfter(world, 30_000);
    expect(world.schedule?.spec['restic']).not.toMatchObject({ moverSecurityContext: { runAsUser: 999 } });
    await lookAfter(world, 30_000);
    expect(world.schedule?.spec['restic']).toMatchObject({ moverSecurityContext: { runAsUser: 999 } });
  });
});

describe('invariant 5: what a user has made under a name of ours', () => {
  it('stays: a Secret', async () => {
    const mine = { namespace: NAMESPACE, name: nameForClaim(CLAIM_REF.name) };
    world.server.create(secrets, { metadata: mine, data: { mine: 'cHJlY2lvdXM=' } });
    await backedUp();
    expect(world.server.get(secrets, mine)).toMatchObject({ data: { mine: 'cHJlY2lvdXM=' } });
    world.scale(0);
    world.deleteClaim();
    world.cluster.protect();
    for (let round = 0; round < 4; round += 1) {
      world.cluster.collect();
      await world.look();
    }
    expect(secretsHere().map(({ metadata }) => metadata.name)).toEqual([mine.name]);
  });

  it.each([[{}], [{ 'app.kubernetes.io/managed-by': 'rebound' }]])(
    'stays: a schedule labelled %j, and the claim says what is in the way',
    async (labels) => {
      const mine = { namespace: NAMESPACE, name: nameForClaim(CLAIM_REF.name) };
      world.server.create(replicationSources, { metadata: { ...mine, labels }, spec: { sourcePVC: 'other' } });
      await putInUse(world);
      await lookAfter(world, MINUTE);
      expect(world.server.list(replicationSources)).toMatchObject([{ spec: { sourcePVC: 'other' } }]);
      expect(standing()).toMatchObject({ reason: 'RepositoryUnavailable' });
      expect(standing()?.message).toContain(`ReplicationSource ${mine.name}`);
      expect(world.protection?.status?.phase).toBe('Degraded');
    },
  );

  it('is looked for again, so that a schedule that is deleted as the message says makes room soon', async () => {
    const mine = { namespace: NAMESPACE, name: nameForClaim(CLAIM_REF.name) };
    world.server.create(replicationSources, { metadata: mine, spec: { sourcePVC: 'other' } });
    await putInUse(world);
    await lookAfter(world, MINUTE);
    const again = await world.process.protections.reconcile(objectKey(CLAIM_REF));
    expect(again).toEqual({ kind: 'requeueAfter', milliseconds: 30_000 });
    world.server.delete(replicationSources, mine);
    await lookAfter(world, 30_000);
    expect(world.schedule?.spec['sourcePVC']).toBe(CLAIM_REF.name);
  });
});

describe('the Secret of a schedule', () => {
  it('never changes: with other credentials there is another one, and the one before goes', async () => {
    await backedUp();
    const before = namedSecret();
    expect(before?.immutable).toBe(true);
    world.exchangeKeys('newSecret');
    await lookAfter(world, 1_000);
    await lookAfter(world, 1_000);
    expect(namedSecret()?.metadata.name).not.toBe(before?.metadata.name);
    expect(valueOf(namedSecret(), 'AWS_SECRET_ACCESS_KEY')).toBe('newSecret');
    expect(secretsHere()).toHaveLength(1);
    expect(world.schedule?.metadata.annotations ?? {}).toEqual({});
  });
});

describe('a claim whose schedule an earlier release made', () => {
  const claim = { namespace: NAMESPACE, name: 'data.v1' };
  const former = { namespace: NAMESPACE, name: 'rebound-data-v1-4c610ff1' };
  const schedules = (): ReplicationSource[] => world.server.list(replicationSources);

  async function look(): Promise<void> {
    world.wait(2_000);
    world.process.copies.seeEverything();
    await world.showLife();
    await world.process.protections.reconcile('shop/data.v1');
  }

  beforeEach(async () => {
    world.createClaim('fresh');
    const spec = world.claim?.spec ?? {};
    world.server.create(persistentVolumeClaims, { metadata: { ...claim, labels: { [TIER_LABEL]: 'hourly' } }, spec });
    world.cluster.provision();
    world.cluster.bind();
    await look();
    const volume = world.server.get(protectedVolumes, claim);
    const metadata = {
      ...former,
      labels: { 'app.kubernetes.io/managed-by': 'rebound' },
      ownerReferences: volume === undefined ? [] : [ownerReference(volume)],
    };
    world.server.create(secrets, { metadata: former, data: {} });
    const restic = { repository: former.name };
    world.server.create(replicationSources, { metadata, spec: { sourcePVC: claim.name, restic } });
  });

  const setStatus = (status: object): void =>
    world.server.change(replicationSources, former, (object) => Object.assign(childOf(object, 'status'), status));

  it('has one schedule in the end, under its new name, and the Secret before goes too', async () => {
    setStatus({ lastSyncTime: '2029-12-31T23:00:00Z' });
    for (let round = 0; round < 3; round += 1) await look();
    expect(schedules().map(({ metadata }) => metadata.name)).toEqual([nameForClaim(claim.name)]);
    expect(world.server.get(secrets, former)).toBeUndefined();
  });

  it('never has two: a run under way ends first', async () => {
    setStatus({ lastSyncStartTime: new Date(world.now()).toISOString() });
    for (let round = 0; round < 3; round += 1) await look();
    expect(schedules().map(({ metadata }) => metadata.name)).toEqual([former.name]);
  });
});
