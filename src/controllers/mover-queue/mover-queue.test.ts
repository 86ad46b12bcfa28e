import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { MoverLimits } from '../../api/rebound-settings.ts';
import { backupDestinations, protectedVolumes, reboundSettingsKind } from '../../api/resource-kinds.ts';
import type { MoverTask } from '../../domain/queue/mover.ts';
import { STUCK_MILLISECONDS } from '../../engines/mover/working-movers.ts';
import { jobs, pods } from '../../kube/model/built-in-kinds.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import { volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import { ApiServer } from '#doubles/kube/api-server.ts';
import { endWorkingJob, makeWorkingJob, moverMetadata, workingJobRef } from '#doubles/mover/working-jobs.ts';
import { createLaggingStores, type LaggingStores } from '#doubles/kube/lagging-stores.ts';
import { InMemoryClient } from '#doubles/kube/in-memory-client.ts';
import { MoverLogs } from '#doubles/volsync/mover-logs.ts';
import type { Turn, Wish } from '../mover-turn.ts';
import { DestinationMoversReconciler } from './destination-movers.ts';
import { MoverQueue } from './mover-queue.ts';

let now: number;
let server: ApiServer;
let copies: LaggingStores;
let queue: MoverQueue;
let woken: string[];

/** Another process begins, and has read all there is. */
function restart(): void {
  copies = createLaggingStores(server);
  queue = new MoverQueue({ stores: copies.stores, now: () => now });
  for (const task of ['restore', 'backup', 'maintenance'] as const) queue.follow(task, (key) => woken.push(key));
}

const setLimits = (limits: Partial<MoverLimits>): void => {
  server.create(reboundSettingsKind, { metadata: { name: 'default' }, spec: { limits } });
  copies.seeEverything();
};

beforeEach(() => {
  now = Date.UTC(2030, 0, 1);
  server = new ApiServer(() => now, 'cluster');
  woken = [];
  restart();
});

/** The mover's Job is made; the local copies do not know of it yet. */
const makeJob = (name: string, task?: MoverTask): void => makeWorkingJob(server, name, task);
const endJob = (name: string): void => endWorkingJob(server, name);

const snapshotRef = (name: string) => ({ namespace: 'shop', name: `rebound-backup-${name}` });
const takeSnapshot = (name: string): void => {
  server.create(volumeSnapshots, {
    metadata: { ...snapshotRef(name), ...moverMetadata(name, 'backup') },
    spec: { source: {} },
  });
};

const wish = (name: string, more: Partial<Wish> = {}): Wish => ({
  task: 'backup',
  key: `shop/${name}`,
  claim: { namespace: 'shop', uid: name },
  destination: 'default',
  cause: 'scheduled',
  sinceMilliseconds: now,
  ...more,
});

const ask = (name: string, more: Partial<Wish> = {}): Turn['kind'] => queue.ask(wish(name, more)).kind;

describe('the queue of movers', () => {
  it.each([
    ['first backups', { cause: 'first', isFirst: true }, 2],
    ['backups', {}, 4],
    ['restores', { task: 'restore', cause: 'restore' }, 4],
    ['removals of old snapshots', { task: 'maintenance', cause: 'maintenance' }, 2],
  ] as const)('lets no more %s work than suit a small cluster, where nobody has set how many', (_, more, expected) => {
    const turns = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name, more));
    expect(turns.filter((kind) => kind === 'begin')).toHaveLength(expected);
  });

  it('gives its last place to one of two looks at the same time, whatever the local copies know', () => {
    setLimits({ backups: 1 });
    expect([ask('a'), ask('b')]).toEqual(['begin', 'wait']);
    makeJob('a');
    expect([ask('b'), ask('a')]).toEqual(['wait', 'begin']);
    copies.seeEverything();
    expect(ask('b')).toBe('wait');
  });

  it('wakes the next one as soon as a Job has ended, and no other', () => {
    setLimits({ backups: 1 });
    ask('a');
    makeJob('a');
    ask('c', { sinceMilliseconds: now - 1_000 });
    ask('b');
    copies.seeEverything();
    queue.announce();
    expect(woken).toEqual([]);
    endJob('a');
    copies.seeEverything();
    queue.announce();
    expect(woken).toEqual(['shop/c']);
    expect([ask('b'), ask('c')]).toEqual(['wait', 'begin']);
  });

  it('says the place, and looks at those who are far behind seldom', () => {
    setLimits({ backups: 1 });
    ask('a');
    const others = Array.from({ length: 12 }, (_, index) => wish(`w-${String(index).padStart(2, '0')}`));
    for (const one of others) queue.ask(one);
    const [first, last] = [others[0], others[11]].map((one) => queue.ask(one ?? wish('none')));
    expect(first).toMatchObject({ kind: 'wait', lookAgainMilliseconds: 10_000 });
    expect(first?.kind === 'wait' && first.message).toContain('it has place 1 of 12, and no more than 1 backup');
    expect(last).toMatchObject({ lookAgainMilliseconds: 120_000 });
  });

  it('gives a place that was given back to the next one', () => {
    setLimits({ backups: 1 });
    ask('a');
    ask('b');
    queue.giveBack('backup', 'a');
    expect(woken).toEqual(['shop/b']);
    expect([ask('b'), ask('a')]).toEqual(['begin', 'wait']);
  });

  it('counts a place that nobody was seen to take for a minute after the last look only', async () => {
    setLimits({ backups: 1 });
    await queue.whileLooking('backup', 'shop/a', async () => {
      ask('a');
      now += 200_000;
      expect(ask('b')).toBe('wait');
    });
    now += 59_000;
    expect(ask('b')).toBe('wait');
    now += 2_000;
    expect(ask('b')).toBe('begin');
  });

  it('keeps a place no longer than its mover works, also where nobody has waited meanwhile', () => {
    setLimits({ backups: 1 });
    ask('a');
    makeJob('a');
    copies.seeEverything();
    queue.announce();
    endJob('a');
    copies.seeEverything();
    expect([ask('b'), ask('a')]).toEqual(['begin', 'wait']);
  });

  it('forgets what is not asked for any more, and wakes the next one', async () => {
    setLimits({ backups: 1 });
    ask('a');
    makeJob('a');
    copies.seeEverything();
    for (const name of ['b', 'c']) {
      await queue.whileLooking('backup', `shop/${name}`, async () => ask(name));
      now += 1_000;
    }
    endJob('a');
    copies.seeEverything();
    await queue.whileLooking('backup', 'shop/b', async () => undefined);
    expect(woken).toEqual(['shop/c']);
  });

  it('lets no more work with a destination than that allows, and shows there what works and waits', async () => {
    server.create(backupDestinations, {
      metadata: { name: 'slow' },
      spec: { repositoryPasswordSecretName: 'master', limits: { movers: 2 } },
    });
    copies.seeEverything();
    const client = new InMemoryClient(server, new MoverLogs());
    const shown = new DestinationMoversReconciler({ client, stores: copies.stores, now: () => now }, queue);
    const movers = () => server.get(backupDestinations, { name: 'slow' })?.status?.movers;
    await shown.reconcile('slow');
    expect(movers()).toBeUndefined();
    const slow = { destination: 'slow' };
    expect([ask('a', slow), ask('b', slow), ask('c')]).toEqual(['begin', 'wait', 'begin']);
    await shown.reconcile('slow');
    expect(movers()).toMatchObject({ running: 1, waiting: 1 });
    expect(movers()?.waitsFor).toContain('no more than 2 movers work at a time with destination slow');
    expect(ask('d', slow)).toBe('wait');
    copies.seeEverything();
    expect(await shown.reconcile('slow')).toEqual({ kind: 'requeueAfter', milliseconds: 10_000 });
    expect(movers()?.waiting).toBe(1);
    now += 10_000;
    await shown.reconcile('slow');
    expect(movers()?.waiting).toBe(2);
  });

  it('invariant 7: counts after a restart what the API server has, a snapshot without a Job among it', () => {
    setLimits({ backups: 2 });
    makeJob('a');
    takeSnapshot('b');
    restart();
    expect([ask('c'), ask('a'), ask('b')]).toEqual(['wait', 'begin', 'begin']);
  });

  it('does not count a run that was read, while what is left of it is removed', () => {
    setLimits({ backups: 1 });
    takeSnapshot('a');
    server.create(protectedVolumes, {
      metadata: { namespace: 'shop', name: 'a' },
      spec: { claimName: 'a', policyName: 'hourly' },
    });
    copies.seeEverything();
    expect(ask('b')).toBe('wait');
    const lastRun = { name: snapshotRef('a').name, endedAt: new Date(now).toISOString(), failures: 0 };
    server.change(protectedVolumes, { namespace: 'shop', name: 'a' }, (object) => {
      object['status'] = { lastRun };
    });
    copies.seeEverything();
    expect(ask('b')).toBe('begin');
  });

  it('does not let those that can not start keep all others waiting for ever', () => {
    setLimits({ backups: 2 });
    takeSnapshot('a');
    makeJob('b');
    copies.seeEverything();
    now += STUCK_MILLISECONDS - 1;
    expect(ask('c')).toBe('wait');
    now += 1;
    expect([ask('c'), ask('d'), ask('e')]).toEqual(['begin', 'begin', 'wait']);
  });

  it('counts the pod of a Job that was removed until it has ended', () => {
    setLimits({ restores: 1 });
    makeJob('a', 'restore');
    const pod = { namespace: MOVERS_NAMESPACE, name: 'pod' };
    const labels = { ...moverMetadata('a', 'restore').labels, [JOB_LABEL]: workingJobRef('a', 'restore').name };
    server.create(pods, { metadata: { ...pod, labels }, spec: { containers: [] } });
    server.change(pods, pod, (object) => {
      const look = { name: 'look', ready: false, restartCount: 0, state: { running: {} } };
      object['status'] = { phase: 'Pending', initContainerStatuses: [look] };
    });
    server.delete(jobs, workingJobRef('a', 'restore'));
    copies.seeEverything();
    const restore = { task: 'restore', cause: 'restore' } as const;
    expect(ask('b', restore)).toBe('wait');
    server.delete(pods, pod);
    copies.seeEverything();
    expect(ask('b', restore)).toBe('begin');
  });

  it('never lets more Jobs be made than may work, in whatever order looks, news and restarts come', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), who: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('make' as const), who: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('end' as const), who: fc.integer({ min: 0, max: 5 }) }),
      fc.record({
        kind: fc.constantFrom('see' as const, 'giveBack' as const, 'restart' as const),
        who: fc.integer({ min: 0, max: 5 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (acts, backups) => {
        server = new ApiServer(() => now, 'cluster');
        restart();
        setLimits({ backups });
        const granted = new Set<string>();
        const working = new Set<string>();
        const make = (name: string): void => {
          if (!granted.delete(name)) return;
          server.delete(jobs, workingJobRef(name));
          makeJob(name);
          working.add(name);
        };
        const deeds: Readonly<Record<(typeof acts)[number]['kind'], (name: string) => void>> = {
          ask: (name) => {
            if (!working.has(name) && ask(name) === 'begin') granted.add(name);
          },
          make,
          end: (name) => {
            if (working.delete(name)) endJob(name);
          },
          giveBack: (name) => {
            if (granted.delete(name)) queue.giveBack('backup', name);
          },
          see: () => copies.seeEverything(),
          restart: () => {
            granted.clear();
            restart();
          },
        };
        for (const { kind, who } of acts) {
          deeds[kind](`claim-${who}`);
          expect(working.size + granted.size).toBeLessThanOrEqual(backups);
        }
      }),
      { numRuns: 400 },
    );
  });
});
