import { beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import { backupDestinations, reboundSettingsKind } from '../../api/resource-kinds.ts';
import { jobs, persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { makeWorkingJob, workingJobRef } from '#doubles/mover/working-jobs.ts';
import { putInUse } from '#simulation/in-use.ts';
import { OwnRuns } from '#simulation/own-runs.ts';
import { CLAIM_REF, World } from '#simulation/world.ts';

let world: World;
let runs: OwnRuns;

const standing = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

beforeEach(() => {
  world = new World();
  runs = new OwnRuns(world);
  runs.provideClass();
  runs.ask();
  world.server.create(reboundSettingsKind, { metadata: { name: 'default' }, spec: { limits: { backups: 1 } } });
});

function request(value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[BACKUP_NOW_ANNOTATION] = value;
  });
}

function setReachable(isReachable: boolean): void {
  world.server.change(backupDestinations, { name: 'default' }, (object) => {
    childOf(object, 'status')['reachable'] = isReachable;
  });
}

/** Everything but the movers works, and nobody sweeps up: others' movers here have no claim. */
async function rounds(): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    runs.snapshotPass();
    for (const pass of Object.values(world.cluster.passes)) pass();
    await world.look();
    world.wait(1_000);
  }
}

describe('a backup that has to wait for its turn', () => {
  it('invariant 10: holds nothing of the storage, says so, and begins once another has ended', async () => {
    makeWorkingJob(world.server, 'other');
    await putInUse(world);
    await rounds();
    expect([runs.taken, standing()?.reason]).toEqual([0, 'Queued']);
    expect(standing()?.message).toContain('it has place 1 of 1, and no more than 1 backup works at a time');
    world.server.delete(jobs, workingJobRef('other'));
    await rounds();
    expect(runs.taken).toBe(1);
    runs.end('saved');
    await rounds();
    expect(standing()?.reason).toBe('Protected');
  });

  it('leaves a claim protected that has a backup, and says what it waits for', async () => {
    await putInUse(world);
    await rounds();
    runs.end('saved');
    await rounds();
    makeWorkingJob(world.server, 'other');
    request('please');
    await rounds();
    expect(standing()).toMatchObject({ status: 'True', reason: 'Protected' });
    expect(standing()?.message).toContain('The next backup is due. It waits for its turn');
    world.server.delete(jobs, workingJobRef('other'));
    await rounds();
    runs.end('saved');
    await rounds();
    expect(world.protection?.status?.lastBackupRequest).toBe('please');
    expect(standing()?.message).not.toContain('waits for its turn');
  });

  it('begins nothing into a destination that is known not to answer, and begins once that does', async () => {
    setReachable(false);
    await putInUse(world);
    await rounds();
    expect([runs.taken, standing()?.reason]).toEqual([0, 'RepositoryUnavailable']);
    setReachable(true);
    await rounds();
    expect(runs.taken).toBe(1);
  });

  it('keeps no place while the destination refuses it', async () => {
    await putInUse(world);
    world.destination.mood = 'silent';
    await rounds();
    expect([runs.taken, standing()?.reason]).toEqual([0, 'RepositoryUnavailable']);
    const claim = { namespace: 'shop', uid: 'other' };
    const wish = { task: 'backup', cause: 'first', key: 'shop/other', claim, destination: 'other' } as const;
    const turn = world.process.context.movers.ask({ ...wish, sinceMilliseconds: world.now() });
    expect(turn.kind).toBe('begin');
  });
});
