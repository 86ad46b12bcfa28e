import { beforeEach, describe, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { jobs, persistentVolumeClaims, persistentVolumes, pods, secrets } from '../../kube/model/built-in-kinds.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import type { WriteTrouble } from '#doubles/kube/in-memory-client.ts';
import { childOf } from '#doubles/kube/json.ts';
import { lookAfter, putInUse } from '#simulation/in-use.ts';
import { OwnRuns } from '#simulation/own-runs.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const MINUTE = 60_000;

let world: World;
let runs: OwnRuns;

beforeEach(() => {
  world = new World();
  runs = new OwnRuns(world);
  runs.provideClass();
});

const standing = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');

function request(value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[BACKUP_NOW_ANNOTATION] = value;
  });
}

const secretsHere = () => world.server.list(secrets).filter(({ metadata }) => metadata.namespace === NAMESPACE);

/** The claim's first run is as far as its mover. */
async function firstMover(): Promise<void> {
  runs.ask();
  await putInUse(world);
  await runs.rounds();
  expect(runs.job?.spec.suspend).toBe(false);
}

async function backedUp(): Promise<void> {
  await firstMover();
  runs.end('saved');
  await runs.rounds();
  expect(standing()?.reason).toBe('Protected');
}

/** The claim's first run, in a world of its own, in which the controller dies once. */
async function dieAt(trouble: WriteTrouble): Promise<void> {
  world = new World();
  runs = new OwnRuns(world);
  runs.provideClass();
  runs.ask();
  await putInUse(world);
  world.process.client.expect(trouble);
  for (let round = 0; round < 30; round += 1) {
    await runs.round().catch(() => undefined);
    if (world.process.client.isDead) await world.restart();
    if (runs.job?.spec.suspend === false && runs.job.status?.conditions === undefined) runs.end('saved');
  }
}

describe('a backup run of our own', () => {
  it('invariant 7: leaves nothing behind, whatever the classes keep, and nothing in the namespace while it runs but a snapshot', async () => {
    await firstMover();
    expect(world.schedule).toBeUndefined();
    expect(secretsHere()).toEqual([]);
    runs.end('saved');
    await runs.rounds();
    expect(standing()).toMatchObject({ status: 'True', reason: 'Protected' });
    expect(world.protection?.status?.lastBackup?.id).toBe(world.truth.newest?.id);
    expect(runs.left).toEqual([]);
    expect(runs.taken).toBe(1);
  });

  it.each(['refused', 'answerLost'] as const)(
    'invariant 7: is one run, and leaves nothing behind, at whichever write the controller dies (%s)',
    async (fault) => {
      for (let after = 0; after < 14; after += 1) {
        await dieAt({ after, fault, fatal: true });
        expect({ after, left: runs.left, taken: runs.taken }).toEqual({ after, left: [], taken: 1 });
        expect(world.truth.snapshots).toHaveLength(1);
        expect(standing()?.reason).toBe('Protected');
      }
    },
  );

  it.each(['1970-01-01T00:00:00Z', '2099-01-01T00:00:00Z'])(
    'is dated by when its snapshot was asked for, where the driver says %s',
    async (time) => {
      runs.driverTime = time;
      await firstMover();
      const asked = world.server.list(volumeSnapshots).find(({ metadata }) => metadata.namespace === NAMESPACE);
      const seconds = (asked?.metadata.creationTimestamp ?? '').slice(0, 19).replace('T', ' ');
      expect(JSON.stringify(world.server.historyOf(jobs).at(-1)?.object)).toContain(`"--time","${seconds}"`);
    },
  );

  it('comes again when it is due, and once where nobody looked for days', async () => {
    await backedUp();
    await runs.rounds(3);
    expect(runs.taken).toBe(1);
    world.wait(3 * 24 * 60 * MINUTE);
    await runs.rounds();
    runs.end('saved');
    await runs.rounds();
    expect([runs.taken, world.truth.snapshots.length, runs.left]).toEqual([2, 2, []]);
  });

  it('begins when it is asked for, and not twice', async () => {
    await backedUp();
    request('please');
    await runs.rounds();
    runs.end('saved');
    await runs.rounds(20);
    expect(runs.taken).toBe(2);
    expect(world.protection?.status?.lastBackupRequest).toBe('please');
  });

  it('does not begin while the tier is suspended; one that runs is read', async () => {
    await firstMover();
    world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(object, 'spec')['suspend'] = true;
    });
    runs.end('saved');
    request('please');
    await runs.rounds(20);
    expect(standing()?.reason).toBe('Suspended');
    expect([runs.taken, runs.left]).toEqual([1, []]);
    expect(world.protection?.status?.lastBackup?.id).toBe(world.truth.newest?.id);
  });

  it('invariant 11: is not Protected where files could not be read, and says which', async () => {
    await backedUp();
    world.wait(MINUTE);
    request('please');
    await runs.rounds();
    runs.end('partial');
    await runs.rounds();
    expect(standing()).toMatchObject({ status: 'False', reason: 'BackupPartial' });
    expect(world.events.at(-1)?.message).toContain('/data/secret: permission denied');
    expect(world.protection?.status?.pruningPausedBecause).toEqual(['BackupPartial']);
    expect(runs.left).toEqual([]);
  });

  it('invariant 10: says why it failed, and is tried again, a minute later at first', async () => {
    await firstMover();
    runs.end('failed');
    await runs.rounds();
    expect(standing()).toMatchObject({ reason: 'BackupFailing' });
    expect(standing()?.message).toContain('the repository is locked');
    expect([runs.taken, runs.left]).toEqual([1, []]);
    await lookAfter(world, MINUTE);
    await runs.rounds();
    runs.end('saved');
    await runs.rounds();
    expect(standing()?.reason).toBe('Protected');
    expect(world.protection?.status?.lastRun).toMatchObject({ failures: 0 });
  });

  it('invariants 10 and 14: says in the words of the kubelet why its mover does not start', async () => {
    await firstMover();
    runs.refuseMount('MountVolume.MountDevice failed: duplicate UUID');
    await lookAfter(world, 2 * MINUTE);
    expect(standing()?.message).toContain('MountVolume.MountDevice failed: duplicate UUID');
  });

  it('counts where all was saved, and only its record was not', async () => {
    await firstMover();
    runs.end('unrecorded');
    await runs.rounds();
    expect(world.protection?.status?.lastBackup?.id).toBe(world.truth.newest?.id);
    expect(world.protection?.status?.lastFinding).toBeUndefined();
  });

  it('makes no snapshot of a volume that holds nothing, and looks again soon', async () => {
    await firstMover();
    runs.end('empty');
    await runs.rounds();
    expect(standing()?.reason).toBe('EmptyVolume');
    expect(runs.left).toEqual([]);
    await lookAfter(world, 5 * MINUTE);
    await runs.rounds();
    runs.end('saved');
    await runs.rounds();
    expect(standing()?.reason).toBe('Protected');
  });

  it('invariant 7: is swept up where the claim goes in the middle of it', async () => {
    await firstMover();
    world.scale(0);
    world.deleteClaim();
    await runs.rounds(20);
    expect([world.claim, world.protection]).toEqual([undefined, undefined]);
    expect(runs.left).toEqual([]);
  });

  it('leaves nothing behind where somebody removes both snapshots before the copy is made', async () => {
    runs.ask();
    await putInUse(world);
    for (let round = 0; round < 12 && world.server.list(volumeSnapshotContents).length < 2; round += 1)
      await world.look().then(() => runs.snapshotPass());
    for (const { metadata } of world.server.list(volumeSnapshots)) world.server.delete(volumeSnapshots, metadata);
    world.setLabel(undefined);
    await runs.rounds(20);
    expect(runs.left).toEqual([]);
  });

  it('invariant 12: gives a volume back that was there before, and saves nothing of it', async () => {
    runs.ask();
    await putInUse(world);
    await runs.rounds(2);
    const name = world.cluster.offerVolume({ files: 5, sizeBytes: 5_000, complete: true });
    await runs.rounds(20);
    expect(world.truth.snapshots).toEqual([]);
    expect(world.cluster.contents.get(name)?.files).toBe(5);
  });
});

it('invariant 2: tells within minutes of a mover whose node does not answer, and puts nothing in its place', async () => {
  await firstMover();
  const { job } = runs;
  if (job === undefined) expect.unreachable();
  const pod = { namespace: job.metadata.namespace, name: 'mover' };
  world.server.create(pods, {
    metadata: {
      ...pod,
      labels: { [JOB_LABEL]: job.metadata.name },
      ownerReferences: [ownerReference(job)],
      finalizers: ['batch.kubernetes.io/job-tracking'],
    },
    spec: {
      containers: [],
      nodeName: 'worker-3',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'copy' } }],
    },
  });
  world.server.change(pods, pod, (object) => {
    childOf(object, 'metadata')['deletionTimestamp'] = new Date(world.now()).toISOString();
    object['status'] = { phase: 'Running' };
  });
  await runs.rounds();
  world.wait(3 * MINUTE);
  await runs.rounds();
  expect(standing()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
  expect(standing()?.message).toContain('its node worker-3 may not answer');
  expect(runs.job?.metadata.uid).toBe(job.metadata.uid);
});

it('gives a run up whose pods are taken away again and again, says why, and tries it again later', async () => {
  await firstMover();
  const { job } = runs;
  if (job === undefined) expect.unreachable();
  for (const name of ['first', 'second', 'third']) {
    const pod = { namespace: job.metadata.namespace, name };
    const labels = { [JOB_LABEL]: job.metadata.name };
    world.server.create(pods, {
      metadata: { ...pod, labels, ownerReferences: [ownerReference(job)] },
      spec: { containers: [], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'copy' } }] },
    });
    const message = 'The node was low on resource: ephemeral-storage.';
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }];
    world.server.change(pods, pod, (object) => {
      object['status'] = { phase: 'Failed', conditions };
    });
    await runs.rounds();
    const isGivenUp = world.protection?.status?.lastRun !== undefined;
    expect(isGivenUp).toBe(name === 'third');
  }
  expect(world.protection?.status?.lastRun).toMatchObject({ failures: 1 });
  expect(standing()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
  expect(standing()?.message).toContain('was taken away 3 times: The node was low on resource: ephemeral-storage.');
  expect(runs.job?.metadata.uid).not.toBe(job.metadata.uid);
});

describe('where a mover runs', () => {
  const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] };
  const tolerations = [{ key: 'database', operator: 'Exists' }];
  const placed = () => world.server.historyOf(jobs).at(-1)?.object;

  function restrict(volumeName: string | undefined): void {
    world.server.change(persistentVolumes, { name: volumeName ?? '' }, (volume) => {
      childOf(volume, 'spec')['nodeAffinity'] = { required };
    });
  }

  it('tolerates what the pods of the claim do, and stays where its volume can be used', async () => {
    runs.ask();
    await putInUse(world);
    restrict(world.claim?.spec.volumeName);
    world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
      childOf(pod, 'spec')['tolerations'] = tolerations;
    });
    await runs.rounds();
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
    expect(placed()).toMatchObject({ spec: { template: { spec: { tolerations, affinity: { nodeAffinity } } } } });
  });

  it('goes where the scheduler sends it where nobody says anything', async () => {
    await firstMover();
    expect(placed()).not.toHaveProperty('spec.template.spec.tolerations');
    expect(placed()).not.toHaveProperty('spec.template.spec.affinity');
  });
});

describe('a tier that changes its engine', () => {
  it('fails, and is tried again, where somebody removes its copy before its mover begins', async () => {
    await firstMover();
    const [copy] = world.server
      .list(persistentVolumeClaims)
      .filter(({ metadata }) => metadata.namespace === MOVERS_NAMESPACE);
    world.server.delete(persistentVolumeClaims, copy?.metadata ?? { name: '' });
    await runs.rounds();
    expect(world.protection?.status?.lastRun?.message).toContain('Somebody has removed claim');
    await lookAfter(world, 2 * MINUTE);
    await runs.rounds();
    runs.end('saved');
    await runs.rounds();
    expect(standing()?.reason).toBe('Protected');
  });

  it('has one engine at a time, both ways, and nothing of the other one left', async () => {
    await putInUse(world);
    await lookAfter(world, MINUTE);
    world.backUp('complete');
    await lookAfter(world, MINUTE);
    expect(world.schedule).toBeDefined();
    runs.ask();
    await runs.rounds(3);
    expect([world.schedule, secretsHere()]).toEqual([undefined, []]);
    world.wait(60 * MINUTE);
    await runs.rounds();
    runs.ask('VolSync');
    await runs.rounds(3);
    expect(world.schedule).toBeUndefined();
    runs.end('saved');
    await runs.rounds();
    expect([world.schedule === undefined, runs.left]).toEqual([false, []]);
    expect(world.truth.snapshots).toHaveLength(2);
  });

  it('goes on with the engine that can, and says so, where the driver takes no snapshots', async () => {
    world = new World();
    runs = new OwnRuns(world);
    runs.ask();
    await putInUse(world);
    await lookAfter(world, MINUTE);
    world.backUp('complete');
    await lookAfter(world, MINUTE);
    expect(standing()).toMatchObject({ status: 'True', reason: 'OtherEngine' });
    expect(standing()?.message).toContain('there is no VolumeSnapshotClass of driver csi.example');
    expect(world.told).toContain('OtherEngine');
  });

  describe('without VolSync', () => {
    beforeEach(() => {
      world.process.client.refuse(replicationSources, { code: 404, detail: '404 page not found' });
    });

    it('backs up', async () => {
      await backedUp();
      expect(world.truth.snapshots).toHaveLength(1);
    });

    it('invariant 14: says what is missing, and nothing of another engine, where the driver takes no snapshots', async () => {
      world = new World();
      runs = new OwnRuns(world);
      world.process.client.refuse(replicationSources, { code: 404, detail: '404 page not found' });
      runs.ask();
      await putInUse(world);
      await lookAfter(world, MINUTE);
      expect(standing()).toMatchObject({ status: 'False', reason: 'EngineMissing' });
      expect(standing()?.message).toContain('there is no VolumeSnapshotClass of driver csi.example');
      expect(standing()?.message).toContain("VolSync's CRDs are missing");
      expect(world.told).not.toContain('OtherEngine');
      expect(secretsHere()).toEqual([]);
    });
  });
});
