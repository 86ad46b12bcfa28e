import { beforeEach, describe, expect, it } from 'vitest';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { backupJobName } from '../../engines/volsync/replication-source.ts';
import { sourceSnapshotName } from '../../engines/volsync/source-snapshot.ts';
import { events, pods } from '../../kube/model/built-in-kinds.ts';
import { makePod, setPodPhase } from '#doubles/kube/cluster.ts';
import { lookAfter } from '#simulation/in-use.ts';
import { childOf } from '#doubles/kube/json.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

const MINUTE = 60_000;

let world: World;

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

function warnAbout(kind: string, name: string, message: string, lastTimestamp?: string): void {
  world.server.create(events, {
    metadata: { namespace: NAMESPACE, name: `about-${name}` },
    involvedObject: { kind, namespace: NAMESPACE, name },
    ...{ type: 'Warning', reason: 'FailedCreate', message, ...(lastTimestamp === undefined ? {} : { lastTimestamp }) },
  });
}

beforeEach(async () => {
  world = new World();
  world.createClaim('fresh');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  await world.until(({ schedule }) => schedule !== undefined);
  world.server.change(replicationSources, world.schedule?.metadata ?? { name: '' }, (object) => {
    childOf(object, 'status')['lastSyncStartTime'] = new Date(world.now()).toISOString();
  });
});

const scheduleName = (): string => world.schedule?.metadata.name ?? '';

describe('invariant 14: a backup that has no mover after a minute', () => {
  it.each([
    {
      kind: 'VolumeSnapshot',
      nameOf: sourceSnapshotName,
      words: 'cannot find default snapshot class',
      says: 'The volume gets no snapshot',
      advice: 'VolumeSnapshotClass',
    },
    {
      kind: 'Job',
      nameOf: backupJobName,
      words: 'exceeded quota: small',
      says: "The mover's pod is refused",
      advice: 'ResourceQuota',
    },
  ])('repeats what is said about the $kind, and what to do', async ({ kind, nameOf, words, says, advice }) => {
    warnAbout(kind, nameOf(scheduleName()), words);
    await lookAfter(world, MINUTE / 2);
    expect(ready()?.reason).toBe('FirstBackupPending');
    await lookAfter(world, MINUTE);
    expect(ready()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
    expect(ready()?.message).toContain(`Backups fail. ${says}: ${words}.`);
    expect(ready()?.message).toContain(advice);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'BackupFailing' });
  });

  it('does not repeat what was said of an earlier mover', async () => {
    warnAbout(
      'Job',
      backupJobName(scheduleName()),
      'exceeded quota: small',
      new Date(world.now() - MINUTE).toISOString(),
    );
    await lookAfter(world, 2 * MINUTE);
    expect(ready()?.reason).toBe('FirstBackupPending');
  });

  it('is told no more once its mover runs', async () => {
    warnAbout('Job', backupJobName(scheduleName()), 'exceeded quota: small');
    await lookAfter(world, 2 * MINUTE);
    expect(ready()?.reason).toBe('BackupFailing');
    const labels = { 'batch.kubernetes.io/job-name': backupJobName(scheduleName()) };
    const mover = { namespace: NAMESPACE, name: 'mover-1' };
    makePod(world.server, { ...mover, labels }, 'volsync-copy');
    setPodPhase(world.server, world.server.get(pods, mover)?.metadata ?? mover, 'Running');
    await lookAfter(world, 1_000);
    expect(ready()?.reason).toBe('FirstBackupPending');
  });
});

it('invariant 14: repeats what VolSync itself is refused, and what to do', async () => {
  const message =
    'persistentvolumeclaims "volsync-src-cache" is forbidden: maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi';
  world.server.change(replicationSources, world.schedule?.metadata ?? { name: '' }, (object) => {
    const condition = { type: 'Synchronizing', status: 'False', reason: 'Error', message };
    childOf(object, 'status')['conditions'] = [{ ...condition, lastTransitionTime: '2030-01-01T00:00:00Z' }];
  });
  await lookAfter(world, 1_000);
  expect(ready()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
  expect(ready()?.message).toContain(message);
  expect(ready()?.message).toContain('LimitRange must have room for one mover and its cache claim');
});

describe('a backup whose mover has ended', () => {
  it('invariant 10: names a container of somebody else that keeps its pod', async () => {
    const labels = {
      'batch.kubernetes.io/job-name': backupJobName(scheduleName()),
      'app.kubernetes.io/created-by': 'volsync',
    };
    const mover = { namespace: NAMESPACE, name: 'mover-1' };
    makePod(world.server, { ...mover, labels }, 'volsync-copy');
    const terminated = { exitCode: 0, finishedAt: new Date(world.now()).toISOString() };
    world.server.change(pods, mover, (object) => {
      const own = { name: 'restic', ready: false, restartCount: 0, state: { terminated } };
      const proxy = { name: 'istio-proxy', ready: true, restartCount: 0, state: { running: {} } };
      object['status'] = { phase: 'Running', containerStatuses: [own, proxy] };
    });
    await lookAfter(world, MINUTE / 2);
    expect(ready()?.reason).toBe('FirstBackupPending');
    await lookAfter(world, MINUTE);
    expect(ready()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
    expect(ready()?.message).toContain('container istio-proxy');
  });
});
