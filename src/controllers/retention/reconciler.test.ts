import { beforeEach, describe, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import {
  ACCEPT_COLLAPSE_ANNOTATION,
  ACCEPT_REMOVAL_ANNOTATION,
  BACKUP_ROLE,
  CLAIM_UID_LABEL,
  MAINTAIN_NOW_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  ROLE_LABEL,
} from '../../api/labels.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { claimRecordKey, IDENTITY_KEY } from '../../destinations/layout.ts';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { moverMaintenance } from '../../engines/mover/maintenance.ts';
import { snapshotsToRemove } from '../../engines/mover/maintenance-run.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { type Job, jobs, persistentVolumeClaims, pods } from '../../kube/model/built-in-kinds.ts';
import { makePod } from '#doubles/kube/cluster.ts';
import { childOf } from '#doubles/kube/json.ts';
import { endWorkingJob, makeWorkingJob } from '#doubles/mover/working-jobs.ts';
import { putInUse } from '#simulation/in-use.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';
import { RetentionReconciler } from './reconciler.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;
let retention: RetentionReconciler;
/** Ten days old, nine, and so on. */
let old: readonly string[];

const maintenance = () => world.protection?.status?.maintenance;
const condition = () => world.protection?.status?.conditions?.find(({ type }) => type === 'RetentionApplied');
const warnings = (): string[] => world.events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
const jobsNow = (): readonly Job[] => world.server.list(jobs);
const planned = (): readonly string[] => jobsNow().flatMap(snapshotsToRemove);
const ids = (): readonly string[] => world.truth.snapshots.map(({ id }) => id);

/** The controller looks, at all that it can see. */
async function keep(times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    world.process.copies.seeEverything();
    await retention.reconcile(objectKey(CLAIM_REF));
    world.process.copies.seeEverything();
  }
}

function annotate(key: string, value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[key] = value;
  });
}

/** The user asks for the removal of old snapshots, and the controller looks. */
async function ask(value = 'now'): Promise<void> {
  annotate(MAINTAIN_NOW_ANNOTATION, value);
  await keep();
}

function setRetention(rules: Readonly<Record<string, number>>): void {
  world.server.mergePatch(backupPolicies, { name: 'hourly' }, { spec: { retention: rules } });
}

const nowText = (): string => new Date(world.now()).toISOString();

/** The ledger says something else of the claim. */
function recordInLedger(changes: object): void {
  const key = { namespace: NAMESPACE, claim: CLAIM };
  const { objects } = world.destination.restic.store;
  const record = parseClaimRecord(key, objects.get(claimRecordKey(key)) ?? new Uint8Array());
  if (!record.ok) throw new Error(record.message);
  objects.set(claimRecordKey(key), Buffer.from(JSON.stringify({ ...record.value, ...changes })));
}

/** The mover of the Job ends: what it says of itself, and which snapshots it has truly removed. */
function endMover(words: readonly string[], removed: readonly string[], exitCode = 0): void {
  const [job] = jobsNow();
  if (job === undefined) throw new Error('there is no Job');
  for (const id of removed) world.truth.remove(id);
  const labels = { 'batch.kubernetes.io/job-name': job.metadata.name };
  const ofJob = {
    name: `mover-of-${job.metadata.uid}`,
    namespace: MOVERS_NAMESPACE,
    labels,
    ownerReferences: [ownerReference(job)],
  };
  const pod = makePod(world.server, ofJob, 'none');
  world.logs.write(pod.metadata, ...words);
  world.logs.end(pod.metadata);
  const state = { terminated: { exitCode, message: words.join('\n') } };
  world.server.change(pods, pod.metadata, (object) => {
    childOf(object, 'status')['initContainerStatuses'] = [{ name: 'forget', ready: false, restartCount: 0, state }];
    childOf(object, 'status')['containerStatuses'] = [
      { name: 'restic', ready: false, restartCount: 0, state: exitCode === 0 ? state : {} },
    ];
  });
  world.server.change(jobs, job.metadata, (object) => {
    const type = exitCode === 0 ? 'Complete' : 'Failed';
    childOf(object, 'status')['conditions'] = [{ type, status: 'True' }];
  });
}

function begin(): void {
  const { context } = world.process;
  retention = new RetentionReconciler(context, world.process.cache, moverMaintenance(context, 'restic:1'));
}

beforeEach(async () => {
  world = new World({ engine: 'Restic', retention: { last: 3 } });
  old = [10, 9, 8, 7].map((days) => world.truth.save(full, world.now() - days * DAY).id);
  await putInUse(world);
  for (let run = 0; run < 6; run += 1) {
    world.wait(HOUR);
    world.backUp('complete');
    await world.calmRound();
  }
  begin();
});

describe('a repository of a tier with engine Restic', () => {
  it('invariant 4: is only added to by VolSync, whatever the tier keeps', () => {
    expect(world.schedule?.spec['restic']).toMatchObject({
      retain: { within: '1000y --dry-run --no-lock' },
      pruneIntervalDays: 36_500,
    });
    expect(ids()).toEqual(expect.arrayContaining([...old]));
  });

  it('loses what no rule keeps, by a mover that is told the ids, and says so', async () => {
    await ask();
    expect(planned()).toEqual(old);
    endMover(['total prune:          10 blobs / 2.000 MiB'], old);
    await keep(3);
    expect(maintenance()).toMatchObject({ request: 'now', removed: { snapshots: 4, freedBytes: 2 * 1024 ** 2 } });
    expect(maintenance()).not.toHaveProperty('failure');
    expect(condition()).toMatchObject({ status: 'True', reason: 'Applied' });
    expect(jobsNow()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it('waits for its turn where as many repositories are worked on as may', async () => {
    for (const name of ['a', 'b']) makeWorkingJob(world.server, name, 'maintenance');
    await ask();
    expect(planned()).toEqual([]);
    endWorkingJob(world.server, 'a', 'maintenance');
    await keep();
    expect(planned()).toEqual(old);
  });

  it('keeps no place where there is nothing to remove', async () => {
    for (const id of old) world.truth.remove(id);
    await ask();
    const { movers } = world.process.context;
    const wish = { task: 'maintenance', cause: 'maintenance', destination: 'default' } as const;
    const turnOf = (uid: string) =>
      movers.ask({ ...wish, key: uid, claim: { namespace: NAMESPACE, uid }, sinceMilliseconds: world.now() }).kind;
    expect([turnOf('c'), turnOf('d')]).toEqual(['begin', 'begin']);
  });

  it('is not touched again before the next day', async () => {
    await ask();
    endMover([], old);
    await keep(3);
    world.truth.save(full, world.now() - 5 * DAY);
    await keep(2);
    expect(jobsNow()).toEqual([]);
  });

  it('is looked after every day, though nobody asks', async () => {
    world.wait(44 * HOUR);
    world.backUp('complete');
    await world.calmRound();
    await keep();
    expect(planned()).toEqual(expect.arrayContaining([...old]));
  });

  it('invariant 4: keeps what the claim was restored from, and what its annotation names', async () => {
    annotate('rebound.dev/restore', old[1]?.slice(0, 8) ?? '');
    await ask();
    expect(planned()).toEqual(old.filter((_, index) => index !== 1));
  });

  it('invariant 4: keeps what was backed up just now, though the clock of the node is years behind', async () => {
    const late = world.truth.save(full, Date.UTC(2001, 0, 1)).id;
    recordInLedger({
      runs: [{ snapshotId: late, time: '2001-01-01T00:00:00Z', result: 'partial', endedAt: nowText(), writer: 'us' }],
    });
    await ask();
    expect(planned()).toEqual(old);
  });

  it('invariant 7: is gone on with where the process died after each of its writes', async () => {
    for (const after of [0, 1, 2, 3]) {
      world.process.client.expect({ after, fault: 'answerLost', fatal: false });
      await ask().catch(() => undefined);
      world.process.client.expect(undefined);
    }
    world.wait(60_000);
    await keep(4);
    expect(jobsNow()).toMatchObject([{ spec: { suspend: false } }]);
    expect(planned()).toEqual(old);
  });

  it('goes on where the local copy has not heard yet that the mover was let start', async () => {
    annotate(MAINTAIN_NOW_ANNOTATION, 'now');
    world.process.copies.seeEverything();
    await retention.reconcile(objectKey(CLAIM_REF));
    const started = jobsNow();
    world.process.copies.see('moverJobs', 1);
    await retention.reconcile(objectKey(CLAIM_REF));
    expect(started).toMatchObject([{ spec: { suspend: false } }]);
    expect(jobsNow()).toEqual(started);
  });
});

describe('nothing is removed', () => {
  it('invariants 3 and 4: while a collapse is open, and a mover at work is ended; afterwards it is', async () => {
    await ask();
    expect(planned()).toEqual(old);
    world.write((before) => ({ ...before, files: 4, sizeBytes: 400_000 }));
    world.wait(HOUR);
    world.backUp('complete');
    await world.calmRound();
    expect(world.protection?.status?.collapse).toBeDefined();
    await keep(3);
    await ask('again');
    expect(jobsNow()).toEqual([]);
    expect(maintenance()).toMatchObject({ pruneOwed: true, failure: { kind: 'BrokenOff' } });
    annotate(ACCEPT_COLLAPSE_ANNOTATION, world.truth.newest?.id.slice(0, 8) ?? '');
    await world.calmRound();
    await keep();
    expect(planned()).toEqual(old);
  });

  it('while a backup runs', async () => {
    world.server.change(replicationSources, world.schedule?.metadata ?? { name: '' }, (object) => {
      childOf(object, 'status')['lastSyncStartTime'] = new Date(world.now()).toISOString();
    });
    await ask();
    expect(jobsNow()).toEqual([]);
  });

  it('while a mover of our own backs the claim up, or has just begun to; but is once that one is going, however long it takes', async () => {
    const labels = {
      [MANAGED_BY_LABEL]: MANAGED_BY,
      [ROLE_LABEL]: BACKUP_ROLE,
      [CLAIM_UID_LABEL]: world.claim?.metadata.uid ?? '',
    };
    const run = { name: 'rebound-backup-1', namespace: MOVERS_NAMESPACE };
    const finalizers = ['held-by/another'];
    world.server.create(jobs, { metadata: { ...run, labels, finalizers }, spec: { suspend: true } });
    await ask();
    expect(planned()).toEqual([]);
    world.server.delete(jobs, run);
    expect(world.server.get(jobs, run)).toBeDefined();
    await keep();
    expect(planned()).toEqual(old);
  });

  it('invariant 4: of what another cluster has taken over, by the word of the ledger, though nobody here knows of it yet', async () => {
    recordInLedger({ owner: { clusterUid: 'another', since: nowText() } });
    await ask();
    expect(jobsNow()).toEqual([]);
    expect(condition()).toMatchObject({ status: 'False', reason: 'MaintenanceFailing' });
    expect(warnings()).toEqual(['MaintenanceFailing']);
  });

  it('invariant 12: where a copy of the store answers in its place, with all that it held', async () => {
    const { objects } = world.destination.restic.store;
    objects.set(
      IDENTITY_KEY,
      encodeIdentity(newDestinationIdentity('00000000-0000-4000-8000-000000000002', new Date(world.now()))),
    );
    world.wait(60_000);
    await ask();
    expect(jobsNow()).toEqual([]);
    expect(condition()).toMatchObject({ status: 'False', reason: 'MaintenanceFailing' });
    expect(condition()?.message).toContain('00000000-0000-4000-8000-000000000002');
  });

  it('invariants 2 and 4: where the good snapshot is not in the repository, or the store does not answer', async () => {
    world.truth.remove(world.protection?.status?.lastBackup?.id ?? '');
    await ask();
    expect(condition()?.message).toContain('is not in the repository');
    world.destination.mood = 'silent';
    await ask('again');
    expect(jobsNow()).toEqual([]);
    expect(maintenance()).toMatchObject({ failure: { times: 2 }, request: 'again' });
  });

  it('of a claim that is gone', async () => {
    annotate(MAINTAIN_NOW_ANNOTATION, 'now');
    world.process.copies.seeEverything();
    world.scale(0);
    world.deleteClaim();
    world.cluster.protect();
    await retention.reconcile(objectKey(CLAIM_REF));
    expect(jobsNow()).toEqual([]);
  });

  it('of a tier that is kept by VolSync, or is again', async () => {
    await ask();
    world.server.mergePatch(backupPolicies, { name: 'hourly' }, { spec: { engine: 'VolSync' } });
    await keep(2);
    expect(jobsNow()).toEqual([]);
    expect(maintenance()).toBeUndefined();
    expect(condition()).toBeUndefined();
  });
});

describe('a tier whose rules were changed, by which more than half would go', () => {
  beforeEach(async () => {
    for (let days = 3; days < 20; days += 1) world.truth.save(full, world.now() - days * DAY);
    setRetention({ last: 1 });
    await keep(2);
  });

  it('invariants 4 and 10: removes nothing, and tells the claim at once how to answer', async () => {
    await ask();
    expect(jobsNow()).toEqual([]);
    expect(warnings()).toEqual(['RemovalHeld']);
    const { since = '' } = maintenance()?.held ?? {};
    expect(condition()).toMatchObject({ status: 'False', reason: 'RemovalHeld' });
    expect(condition()?.message).toContain(`rebound.dev/accept-removal: "${since}"`);
  });

  it('goes on once it is answered, and no further change is answered by it', async () => {
    annotate(ACCEPT_REMOVAL_ANNOTATION, maintenance()?.held?.since ?? '');
    await keep();
    const removed = planned();
    expect(removed).toHaveLength(21);
    endMover([], removed);
    await keep(3);
    expect(maintenance()).not.toHaveProperty('held');
    for (let days = 3; days < 40; days += 1) world.truth.save(full, world.now() - days * DAY);
    setRetention({ last: 2 });
    world.wait(60_000);
    await keep(2);
    expect(jobsNow()).toEqual([]);
    expect(maintenance()?.held?.rules).toContain('"last":2');
  });

  it('is not tried again at once where it was answered, and failed', async () => {
    annotate(ACCEPT_REMOVAL_ANNOTATION, maintenance()?.held?.since ?? '');
    await keep();
    expect(planned()).toHaveLength(21);
    endMover(['Fatal: the repository is broken'], [], 1);
    await keep(4);
    expect(jobsNow()).toEqual([]);
    world.wait(HOUR);
    await world.calmRound();
    await keep();
    expect(planned()).toHaveLength(21);
  });

  it('invariant 4: counts as answered only by the rules that the mover was told, not by those of a change meanwhile', async () => {
    annotate(ACCEPT_REMOVAL_ANNOTATION, maintenance()?.held?.since ?? '');
    await keep();
    setRetention({ last: 5 });
    endMover([], planned());
    await keep();
    expect(maintenance()?.rules).toContain('"last":1');
  });
});

describe('a removal that does not come to its end', () => {
  it('invariant 14: is told in the words of the store that lets nothing be deleted', async () => {
    await ask();
    endMover(['Remove(<snapshot/d9ed54a377>) failed: client.RemoveObject: Access Denied'], []);
    await keep(2);
    expect(condition()).toMatchObject({ status: 'False', reason: 'PruningRefused' });
    expect(condition()?.message).toContain('client.RemoveObject: Access Denied');
    expect(warnings()).toEqual(['PruningRefused']);
    expect(maintenance()).not.toHaveProperty('removed');
  });

  it('invariant 14: is told in the words of restic, and tried again later and later', async () => {
    await ask();
    endMover(['Fatal: the repository is broken'], [], 1);
    await keep(3);
    expect(condition()?.message).toContain('Fatal: the repository is broken');
    expect(warnings()).toEqual(['MaintenanceFailing']);
    expect(jobsNow()).toEqual([]);
    world.wait(HOUR);
    await world.calmRound();
    await keep();
    expect(planned()).toEqual(old);
    endMover(['Fatal: the repository is broken'], [], 1);
    await keep(3);
    expect(maintenance()).toMatchObject({ failure: { kind: 'Failed', times: 2 } });
  });

  it('is counted by what is gone, not by what the mover says, and what was not freed is freed next time', async () => {
    await ask();
    endMover(['Fatal: the repository is broken'], old.slice(0, 2), 1);
    await keep(3);
    expect(maintenance()).toMatchObject({ removed: { snapshots: 2 }, pruneOwed: true });
    for (const id of old.slice(2)) world.truth.remove(id);
    await ask('again');
    expect(jobsNow()).toHaveLength(1);
    expect(planned()).toEqual([]);
    endMover(['total prune:          10 blobs / 2.000 MiB'], []);
    await keep(3);
    expect(maintenance()).not.toHaveProperty('pruneOwed');
  });
});
