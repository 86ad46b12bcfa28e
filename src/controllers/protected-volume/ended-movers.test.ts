import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { backupJobName } from '../../engines/volsync/replication-source.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { type Job, jobs, pods } from '../../kube/model/built-in-kinds.ts';
import { makePod } from '#doubles/kube/cluster.ts';
import { lookAfter, putInUse } from '#simulation/in-use.ts';
import { CLAIM, NAMESPACE, World } from '#simulation/world.ts';

const CONTENT = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');
const newestId = (): string => world.truth.newest?.id ?? '';

function ledger() {
  const key = { namespace: NAMESPACE, claim: CLAIM };
  const record = parseClaimRecord(key, world.destination.restic.store.objects.get(claimRecordKey(key)) ?? Buffer.of());
  if (!record.ok) throw new Error(record.message);
  return record.value;
}

const jobName = (): string => backupJobName(world.schedule?.metadata.name ?? '');

/** As the engine makes it for a backup. */
function jobOfSchedule(): Job {
  const ownerReferences = world.schedule === undefined ? [] : [ownerReference(world.schedule)];
  return world.server.create(jobs, { metadata: { name: jobName(), namespace: NAMESPACE, ownerReferences }, spec: {} });
}

/** A pod that is labelled as a mover of the claim's backups and has failed, by whomever it was made. */
function addFailedPod(owner: Job | undefined, ...lines: readonly string[]): void {
  const labels = { 'batch.kubernetes.io/job-name': jobName(), 'app.kubernetes.io/created-by': 'volsync' };
  const ownerReferences = owner === undefined ? [] : [ownerReference(owner)];
  const pod = makePod(
    world.server,
    { name: 'looks-like-a-mover', namespace: NAMESPACE, labels, ownerReferences },
    CLAIM,
  );
  world.logs.write(pod.metadata, ...lines);
  world.logs.end(pod.metadata);
  world.server.change(pods, pod.metadata, (changed) => {
    const terminated = { exitCode: 3, finishedAt: new Date(world.now()).toISOString() };
    changed['status'] = {
      phase: 'Failed',
      containerStatuses: [{ name: 'restic', ready: false, restartCount: 0, state: { terminated } }],
    };
  });
}

beforeEach(async () => {
  world = new World();
  await putInUse(world);
  world.write((before) => ({ ...before, ...CONTENT }));
  await world.calmRound();
  world.backUp('complete');
  await world.calmRound();
  expect(ready()?.reason).toBe('Protected');
});

describe('a pod that only looks like the mover of a backup that failed', () => {
  const stranger = { name: 'theirs', namespace: NAMESPACE };

  it.each([
    ['no Job', () => undefined],
    ['a Job that the engine did not make', () => world.server.create(jobs, { metadata: stranger, spec: {} })],
  ])('invariant 11: makes no good backup a partial one, and is not told: of %s', async (_, owner) => {
    addFailedPod(owner(), 'error: open /data/a: permission denied', `snapshot ${newestId().slice(0, 8)} saved`);
    for (let round = 0; round < 2; round += 1) await lookAfter(world, 60_000);
    expect(ready()?.reason).toBe('Protected');
    expect(world.protection?.status?.lastFinding).toBeUndefined();
    expect(ledger().runs?.map(({ result }) => result)).toEqual(['good']);
    expect(ledger().lastGoodBackup?.snapshotId).toBe(newestId());
  });
});

describe("a pod of the engine's own Job", () => {
  it('invariant 11: is believed when it says that its backup lacks files', async () => {
    const partial = world.truth.savePart({ ...CONTENT, files: 20 }, world.now());
    addFailedPod(jobOfSchedule(), 'error: open /data/a: permission denied', `snapshot ${partial.id.slice(0, 8)} saved`);
    await lookAfter(world, 60_000);
    expect(ready()?.reason).toBe('BackupPartial');
    expect(world.protection?.status?.lastFinding?.snapshotId).toBe(partial.id);
  });

  it('invariant 2: is asked for again where its Job cannot be read', async () => {
    const partial = world.truth.savePart({ ...CONTENT, files: 20 }, world.now());
    addFailedPod(jobOfSchedule(), 'error: open /data/a: permission denied', `snapshot ${partial.id.slice(0, 8)} saved`);
    const { client } = world.process;
    const get = client.get.bind(client);
    const reading = vi.spyOn(client, 'get').mockImplementation(async (kind, ref) => {
      if (kind.plural === jobs.plural) throw new Error('no answer');
      return await get(kind, ref);
    });
    await lookAfter(world, 60_000);
    expect(ready()?.reason).toBe('Protected');
    reading.mockRestore();
    await lookAfter(world, 60_000);
    expect(ready()?.reason).toBe('BackupPartial');
  });
});
