import { beforeEach, describe, expect, it } from 'vitest';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { failure } from '../../destinations/outcome.ts';
import { namespaces, pods, storageClasses } from '../../kube/model/built-in-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM, NAMESPACE, World } from '#simulation/world.ts';

const PACKS = `${NAMESPACE}/${CLAIM}/data/`;

let world: World;

beforeEach(() => {
  world = new World();
  world.createClaim('fresh');
  world.scale(1);
});

const acl = {
  name: 'shared',
  type: 'file',
  uid: 1000,
  gid: 1000,
  extended_attributes: [{ name: 'system.posix_acl_access' }],
};
const root = { name: 'roots', type: 'file', uid: 0, gid: 0 };

async function start(): Promise<void> {
  await world.until(({ isAppRunning }) => isAppRunning);
  world.write((content) => ({ ...content, files: 9, sizeBytes: 1_000_000, complete: true }));
}

function runAs(securityContext: { readonly runAsUser?: number; readonly fsGroup?: number }): void {
  world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
    childOf(pod, 'spec')['securityContext'] = securityContext;
  });
}

async function backUp(): Promise<void> {
  await world.calmRound();
  world.backUp('complete');
  await world.calmRound();
}

/** Files of so many others are there from the next backup on. */
function hold(...others: readonly object[]): void {
  const { restic } = world.destination;
  restic.nodes = { ...restic.nodes, others };
}

const limited = () => world.protection?.status?.conditions?.find(({ type }) => type === 'RestoreLimited');
const foresight = () => world.protection?.status?.restoreForesight;
const warnings = () => world.events.filter(({ reason }) => reason === 'RestoreLimited');
const looks = () => world.destination.restic.store.calls.filter((call) => call.includes(PACKS)).length;

describe('at the first backup', () => {
  it('invariant 11: names files that a mover of no known user can back up and not restore', async () => {
    runAs({});
    await start();
    await backUp();
    expect(world.protection?.status?.phase).toBe('Protected');
    expect(limited()).toMatchObject({ status: 'True', reason: 'Foreseen' });
    expect(warnings()).toMatchObject([{ type: 'Warning', message: limited()?.message }]);
    expect(limited()?.message).toContain('8 of 8 files and folders belong to 1000:1000, such as file-0 and file-1');
    expect(limited()?.message).toContain('rebound.dev/mover-user: "1000:1000"');
  });

  it("says nothing of a root mover whose files are all root's", async () => {
    world.destination.restic.nodes = { owner: { uid: 0, gid: 0 }, others: [] };
    runAs({});
    await start();
    await backUp();
    expect(limited()).toMatchObject({ status: 'False', reason: 'NothingForeseen' });
    expect(warnings()).toEqual([]);
  });

  it('says nothing where the mover is the user that owns all', async () => {
    runAs({ runAsUser: 1000, fsGroup: 1000 });
    await start();
    await backUp();
    expect(limited()).toMatchObject({ status: 'False', reason: 'NothingForeseen' });
    expect(foresight()).toMatchObject({ tree: { entries: 8, whole: true }, told: [] });
    expect(warnings()).toEqual([]);
  });

  it('invariant 11: names ACLs and files of others', async () => {
    hold(acl, root);
    await start();
    await backUp();
    expect(foresight()?.told).toEqual(['OwnersLost', 'ACLsLost']);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]?.message).toContain(
      '1 of 10 files and folders belongs to other users than 1000 (0:0), such as roots',
    );
    expect(warnings()[0]?.message).toContain('ACLs on 1 file or folder, such as shared');
  });

  it('foresees no lost owners where the namespace allows privileged movers', async () => {
    world.server.create(namespaces, {
      metadata: { name: NAMESPACE, annotations: { 'volsync.backube/privileged-movers': 'true' } },
    });
    hold(root);
    runAs({ runAsUser: 1000, fsGroup: 1000 });
    await start();
    await backUp();
    expect(foresight()).toMatchObject({ privilegedMovers: true, told: [] });
    expect(warnings()).toEqual([]);
  });
});

it('invariant 11: names what an application has made only after its first backup', async () => {
  runAs({ runAsUser: 1000, fsGroup: 1000 });
  await start();
  await backUp();
  expect(limited()).toMatchObject({ status: 'False' });
  hold(acl);
  await world.until(({ events }) => {
    world.backUp('complete');
    return events.some(({ reason }) => reason === 'RestoreLimited');
  });
  expect(limited()?.message).toContain('ACLs on 1 file or folder, such as shared');
});

describe('afterwards', () => {
  beforeEach(async () => {
    hold(acl);
    runAs({ runAsUser: 1000, fsGroup: 1000 });
    await start();
    world.wait(7 * 86_400_000);
    await backUp();
    expect(warnings()).toHaveLength(1);
  });

  it('looks into no backup again while nothing has changed, and tells nothing again', async () => {
    const before = looks();
    await backUp();
    await backUp();
    expect(looks()).toBe(before);
    expect(warnings()).toHaveLength(1);
  });

  it('invariant 7: a restart tells nothing again', async () => {
    const before = looks();
    await world.restart();
    await backUp();
    expect(looks()).toBe(before);
    expect(warnings()).toHaveLength(1);
    expect(limited()).toMatchObject({ status: 'True' });
  });

  it('judges anew, and tells, once the mover runs as another', async () => {
    runAs({ runAsUser: 33, fsGroup: 33 });
    await backUp();
    expect(foresight()).toMatchObject({ moverUser: { runAsUser: 33 }, told: ['OwnersLost', 'ACLsLost'] });
    expect(warnings()).toHaveLength(2);
  });

  it('takes the warning back a day after its cause is gone', async () => {
    hold();
    await backUp();
    expect(limited()?.status).toBe('True');
    world.wait(86_400_000);
    await backUp();
    expect(limited()?.status).toBe('False');
    expect(foresight()?.told).toEqual([]);
  });
});

describe('what can not be looked into', () => {
  beforeEach(async () => {
    runAs({ runAsUser: 1000, fsGroup: 1000 });
    await start();
  });

  it('invariant 2: is unknown, and the backup is believed all the same', async () => {
    const { store } = world.destination.restic;
    store.fault = (call) => (call.includes('/index/') ? failure('Unreachable', 'no answer') : undefined);
    await backUp();
    expect(world.protection?.status?.phase).toBe('Protected');
    expect(limited()).toMatchObject({ status: 'Unknown', reason: 'Unread' });
    expect(limited()?.message).toContain('no answer');
    expect(foresight()).toBeUndefined();
    store.fault = undefined;
    await world.calmRound();
    expect(limited()).toMatchObject({ status: 'False', reason: 'NothingForeseen' });
  });

  it('invariant 2: is unknown where the tree is damaged, and is not read again and again', async () => {
    const { store } = world.destination.restic;
    await world.calmRound();
    world.backUp('complete');
    for (const [name, bytes] of store.objects)
      if (name.includes(PACKS)) store.objects.set(name, Buffer.alloc(bytes.length));
    await world.calmRound();
    expect(limited()).toMatchObject({ status: 'Unknown', reason: 'Unread' });
    const before = looks();
    await world.calmRound();
    expect(looks()).toBe(before);
  });
});

describe('with the engine that brings all back', () => {
  beforeEach(async () => {
    hold(acl, root);
    runAs({ runAsUser: 1000, fsGroup: 1000 });
    await start();
  });

  function askForMoversOfOurOwn(): void {
    world.server.change(backupPolicies, { name: 'hourly' }, (policy) => {
      childOf(policy, 'spec')['engine'] = 'Restic';
    });
  }

  it('foresees nothing of what VolSync alone would lose', async () => {
    askForMoversOfOurOwn();
    await backUp();
    expect(limited()).toMatchObject({ status: 'False', reason: 'NothingForeseen' });
    expect(warnings()).toEqual([]);
  });

  it('invariant 11: warns all the same where VolSync would have to restore the claim', async () => {
    world.server.change(storageClasses, { name: world.claim?.spec.storageClassName ?? '' }, (storageClass) => {
      childOf(storageClass, 'parameters')['subDir'] = '${pvc.metadata.namespace}';
    });
    askForMoversOfOurOwn();
    await backUp();
    expect(foresight()?.told).toEqual(['OwnersLost', 'ACLsLost']);
  });
});

it('judges no claim by what was found of an earlier one of its name', async () => {
  hold(acl);
  await start();
  await backUp();
  expect(foresight()).toBeDefined();
  world.recreateClaim();
  await world.until(({ protection, claim }) => protection?.status?.claimUID === claim?.metadata.uid);
  expect(foresight()).toBeUndefined();
});
