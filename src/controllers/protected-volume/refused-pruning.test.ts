import { beforeEach, describe, expect, it } from 'vitest';
import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { backupJobName } from '../../engines/volsync/replication-source.ts';
import { SILENCE_MILLISECONDS } from '../../engines/volsync/mover-trouble.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { jobs, persistentVolumeClaims, pods } from '../../kube/model/built-in-kinds.ts';
import { makePod, setPodPhase } from '#doubles/kube/cluster.ts';
import { lookAfter, putInUse } from '#simulation/in-use.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
const DELETES_NOTHING = { retain: { within: '1000y --dry-run --no-lock' }, pruneIntervalDays: 36_500 };

let world: World;

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');
const engineSettings = (): unknown => world.schedule?.spec['restic'];
const lastBackupId = () => world.protection?.status?.lastBackup?.id;
const warnings = (): string[] => world.events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);

async function backUp(end: 'complete' | 'forgetFails', after = HOUR_MILLISECONDS): Promise<void> {
  world.wait(after);
  world.backUp(end);
  await world.calmRound();
}

/** The mover of a backup runs, as the engine would have made it. */
async function runMover() {
  const { server } = world;
  const source = world.schedule;
  if (source === undefined) throw new Error('there is no schedule');
  const name = backupJobName(source.metadata.name);
  server.change(replicationSources, source.metadata, (object) => {
    childOf(object, 'status')['lastSyncStartTime'] = new Date(world.now()).toISOString();
  });
  const ofSource = { name, namespace: NAMESPACE, ownerReferences: [ownerReference(source)] };
  const job = server.create(jobs, { metadata: ofSource, spec: {} });
  const labels = { 'batch.kubernetes.io/job-name': name, 'app.kubernetes.io/created-by': 'volsync' };
  const ofJob = { name: `${name}-1`, namespace: NAMESPACE, labels, ownerReferences: [ownerReference(job)] };
  const pod = makePod(server, ofJob, name);
  world.logs.write(pod.metadata, 'Testing mandatory env variables');
  setPodPhase(server, pod.metadata, 'Running');
  await lookAfter(world, 0);
  await world.rest();
  return pod.metadata;
}

function annotate(value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[BACKUP_NOW_ANNOTATION] = value;
  });
}

beforeEach(async () => {
  world = new World();
  await putInUse(world);
  await world.calmRound();
  await backUp('complete');
  expect(ready()?.reason).toBe('Protected');
});

describe('invariants 4 and 10: a store that lets nothing be deleted', () => {
  it('is told, and from the next try on nothing is deleted, so that backups go on with new content', async () => {
    await backUp('forgetFails');
    expect(world.protection?.status?.pruningRefused).toMatchObject({
      message: 'client.RemoveObject: Access Denied (of a lock)',
    });
    expect(engineSettings()).toMatchObject(DELETES_NOTHING);
    expect(ready()).toMatchObject({ status: 'True', reason: 'PruningRefused' });
    expect(ready()?.message).toContain('does not let this key delete (client.RemoveObject: Access Denied');
    expect(warnings()).toEqual(['PruningRefused']);
  });

  it('loses no new content: the next backup holds it', async () => {
    await backUp('forgetFails');
    const tried = lastBackupId();
    world.write((before) => ({ ...before, files: 50 }));
    await backUp('forgetFails');
    expect(lastBackupId()).toBe(world.truth.newest?.id);
    expect(lastBackupId()).not.toBe(tried);
    expect(world.truth.newest?.content.files).toBe(50);
    expect(engineSettings()).toMatchObject(DELETES_NOTHING);
    expect(warnings()).toEqual(['PruningRefused']);
  });

  it('is told also where the mover ends well, of which the engine keeps no word', async () => {
    const pod = await runMover();
    world.logs.write(
      pod,
      'Remove(<snapshot/d9ed54a377>) failed: client.RemoveObject: Access Denied',
      'Restic completed in 2s',
    );
    world.logs.end(pod);
    await world.rest();
    await backUp('complete', 0);
    expect(ready()?.reason).toBe('PruningRefused');
    expect(engineSettings()).toMatchObject(DELETES_NOTHING);
  });

  it.each([
    ['when a backup is asked for', () => annotate('again')],
    ['with another key', () => world.exchangeKeys('another')],
    ['after seven days', () => world.wait(7 * DAY_MILLISECONDS)],
  ])('is asked again %s, and told no more once a run was heard to delete', async (_, change) => {
    await backUp('forgetFails');
    await backUp('complete');
    expect(engineSettings()).toMatchObject(DELETES_NOTHING);
    change();
    await backUp('complete', 0);
    expect(engineSettings()).not.toMatchObject(DELETES_NOTHING);
    expect(ready()?.reason).toBe('PruningRefused');
    const pod = await runMover();
    world.logs.write(pod, 'Restic completed in 2s');
    world.logs.end(pod);
    await world.rest();
    world.server.delete(pods, pod);
    await backUp('complete', 1_000);
    expect(ready()?.reason).toBe('Protected');
    expect(world.protection?.status?.pruningRefused).toBeUndefined();
  });
});

describe('invariants 10 and 14: the mover of a backup that runs and says nothing', () => {
  it('is told after two minutes, with what to look at, and is not stopped', async () => {
    await runMover();
    expect(ready()?.reason).toBe('Protected');
    await lookAfter(world, SILENCE_MILLISECONDS - 1_000);
    expect(ready()?.reason).toBe('Protected');
    const settings = engineSettings();
    await lookAfter(world, 1_000);
    expect(ready()).toMatchObject({ status: 'False', reason: 'MoverSilent' });
    expect(ready()?.message).toContain('NetworkPolicies');
    expect(warnings()).toEqual(['MoverSilent']);
    expect(engineSettings()).toEqual(settings);
  });

  it('is told no more once it says something', async () => {
    const pod = await runMover();
    await lookAfter(world, SILENCE_MILLISECONDS);
    expect(ready()?.reason).toBe('MoverSilent');
    world.logs.write(pod, '[0:10] 50.00%  1 files 1 B, total 2 files 2 B');
    await lookAfter(world, 1_000);
    expect(ready()?.reason).toBe('Protected');
  });
});
