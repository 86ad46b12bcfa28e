import { beforeEach, describe, expect, it } from 'vitest';
import { RESTORE_PRIORITY_ANNOTATION } from '../../api/labels.ts';
import { reboundSettingsKind } from '../../api/resource-kinds.ts';
import { jobs, namespaces, persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { childOf } from '#doubles/kube/json.ts';
import { endWorkingJob, makeWorkingJob } from '#doubles/mover/working-jobs.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

let world: World;

const ready = () => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
const own = () => world.server.list(jobs).filter(({ metadata }) => metadata.name.startsWith('rebound-restore-'));
const told = () => world.events.filter(({ reason }) => reason === 'Queued');

function annotate(value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[RESTORE_PRIORITY_ANNOTATION] = value;
  });
}

beforeEach(() => {
  world = new World({ engine: 'Restic' });
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  world.server.create(reboundSettingsKind, { metadata: { name: 'default' }, spec: { limits: { restores: 1 } } });
});

describe('a restore that has to wait for its turn', () => {
  it('invariant 10: has its new volume, says so, tells it once, and begins when another has ended', async () => {
    makeWorkingJob(world.server, 'other', 'restore');
    world.createClaim('restore');
    await world.until(() => ready()?.reason === 'Queued');
    expect(world.prime?.spec.volumeName).toBeDefined();
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(own()).toEqual([]);
    expect(ready()?.message).toContain('it has place 1 of 1, and no more than 1 restore works at a time');
    expect(told()).toHaveLength(1);
    endWorkingJob(world.server, 'other', 'restore');
    await world.until(() => own().length > 0);
    expect(ready()?.reason).toBe('Restoring');
  });

  it('does not wait for backups, however many work', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) makeWorkingJob(world.server, name);
    world.createClaim('restore');
    await world.until(() => own().length > 0);
    expect(told()).toEqual([]);
  });

  /** Whether it comes before another one that waits for longer, with priority 5. */
  async function comesFirst(): Promise<boolean> {
    makeWorkingJob(world.server, 'works', 'restore');
    await world.until(() => ready()?.reason === 'Queued');
    const claim = { namespace: 'other', uid: 'other' };
    const { movers } = world.process.context;
    const sinceMilliseconds = world.now() - 1_000;
    const wish = { task: 'restore', cause: 'restore', key: 'other/restore', claim, destination: 'default' } as const;
    movers.ask({ ...wish, sinceMilliseconds, priority: 5 });
    await world.look();
    return ready()?.message.includes('it has place 1 of 2') === true;
  }

  it('begins before others where its claim has a higher priority', async () => {
    world.createClaim('restore');
    annotate('6');
    expect(await comesFirst()).toBe(true);
  });

  it('begins before others where its namespace has a higher priority, unless the claim says otherwise', async () => {
    const annotations = { [RESTORE_PRIORITY_ANNOTATION]: '7' };
    world.server.create(namespaces, { metadata: { name: NAMESPACE, annotations } });
    world.createClaim('restore');
    expect(await comesFirst()).toBe(true);
    annotate('4');
    await world.look();
    expect(ready()?.message).toContain('it has place 2 of 2');
  });

  it('says that a priority has no effect which can not be understood', async () => {
    world.createClaim('restore');
    annotate('very');
    expect(await comesFirst()).toBe(false);
    expect(world.events.find(({ reason }) => reason === 'MalformedPriority')?.message).toContain('not "very"');
  });

  it('keeps no place when its repository can not be used', async () => {
    makeWorkingJob(world.server, 'works', 'restore');
    world.createClaim('restore');
    await world.until(() => ready()?.reason === 'Queued');
    world.destination.mood = 'silent';
    endWorkingJob(world.server, 'works', 'restore');
    world.process.copies.seeEverything();
    await world.process.restores.reconcile(objectKey(world.restore?.metadata ?? { name: '' }));
    const claim = { namespace: 'other', uid: 'other' };
    const wish = { task: 'restore', cause: 'restore', key: 'other/restore', claim, destination: 'other' } as const;
    expect(world.process.context.movers.ask({ ...wish, sinceMilliseconds: world.now() }).kind).toBe('begin');
  });
});
