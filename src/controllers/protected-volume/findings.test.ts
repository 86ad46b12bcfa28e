import { beforeEach, describe, expect, it } from 'vitest';
import { ACCEPT_COLLAPSE_ANNOTATION, COLLAPSE_ANNOTATION } from '../../api/labels.ts';
import { SYSTEM_NAMESPACE } from '../../api/group.ts';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { persistentVolumeClaims, secrets } from '../../kube/model/built-in-kinds.ts';
import { backupPolicies, protectedVolumes } from '../../api/resource-kinds.ts';
import type { BackupEnd } from '#doubles/volsync/volsync.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM, CLAIM_REF, CLUSTER_UID, NAMESPACE, World, type WorldOptions } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };
const KEEPS_ALL = { retain: { within: '1000y' } };

let world: World;

/** A fresh claim whose application has written what is given, not backed up yet. */
async function begin(content = full, options: WorldOptions = {}): Promise<void> {
  world = new World(options);
  world.createClaim('fresh');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  world.write((before) => ({ ...before, ...content }));
  await world.calmRound();
}

async function backUp(end: BackupEnd = 'complete', after = HOUR_MILLISECONDS): Promise<void> {
  world.wait(after);
  world.backUp(end);
  await world.calmRound();
}

async function hold(files: number, sizeBytes = files * 100_000): Promise<void> {
  world.write((before) => ({ ...before, files, sizeBytes }));
  await backUp();
}

const ready = () => world.protection?.status?.conditions?.find(({ type }) => type === 'Ready');
const status = () => world.protection?.status;
const engineSettings = (): unknown => world.schedule?.spec['restic'];
const warnings = (): string[] => world.events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
const last = (): string => world.truth.newest?.id ?? '';

function ledger() {
  const key = { namespace: NAMESPACE, claim: CLAIM };
  const bytes = world.destination.restic.store.objects.get(claimRecordKey(key));
  const record = parseClaimRecord(key, bytes ?? new Uint8Array());
  if (!record.ok) throw new Error(record.message);
  return record.value;
}

function annotate(key: string, value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[key] = value;
  });
}

function suspend(suspended: boolean): void {
  world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
    childOf(object, 'spec')['suspend'] = suspended;
  });
}

beforeEach(async () => {
  await begin();
  await backUp();
  expect(ready()?.reason).toBe('Protected');
});

describe('invariant 3: a collapse', () => {
  it.each([
    ['in many small steps', [1000, 560, 310, 170, 95, 53, 30, 17, 10, 6]],
    ['of a volume of nine files', [9, 1, 1, 1, 1, 1, 1]],
  ])('%s is one, and the largest backup outlives it', async (_, steps) => {
    await begin(full, { retention: { last: 3 } });
    for (const files of steps) {
      world.wait(DAY_MILLISECONDS);
      // The simulator counts the top folder, too.
      await hold(files + 1);
    }
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(world.truth.snapshots.map(({ content }) => content.files - 1)).toContain(steps[0]);
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
  });

  it('names the last good snapshot, to restore it, and the collapsed one only to accept it', async () => {
    const good = last();
    await hold(2);
    const { message } = world.events.findLast(({ reason }) => reason === 'ContentCollapsed') ?? {};
    expect(message).toContain(`rebound.dev/restore: "${good.slice(0, 8)}"`);
    expect(message).toContain(`The last good backup is ${good.slice(0, 8)}`);
    expect(message).toContain(`rebound.dev/accept-collapse: "${last().slice(0, 8)}"`);
    expect(status()?.lastBackup?.id).toBe(good);
    expect(status()?.collapse).toMatchObject({ snapshotId: last(), good: { id: good, files: 40 } });
    expect(ledger().lastGoodBackup?.snapshotId).toBe(good);
  });

  it('of everything is one, although no snapshot is made of it', async () => {
    const good = last();
    await hold(0);
    expect(status()?.phase).toBe('Degraded');
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(warnings()).toEqual(['ContentCollapsed']);
    expect(ready()?.message).toContain(`rebound.dev/restore: "${good.slice(0, 8)}"`);
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    const since = status()?.collapse?.since ?? '';
    expect(ready()?.message).toContain(`rebound.dev/accept-collapse: "${since}"`);
    annotate(ACCEPT_COLLAPSE_ANNOTATION, since);
    await world.calmRound();
    expect(status()?.collapse).toBeUndefined();
    await hold(0);
    expect(status()?.collapse).toBeUndefined();
  });

  it('is not accepted by the annotation that accepted an earlier one, and stays on the claim', async () => {
    await hold(15);
    const collapsed = last();
    world.acceptCollapse(collapsed);
    await world.calmRound();
    expect(ready()?.reason).toBe('Protected');
    await hold(0);
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
  });

  it.each([
    ['the first collapsed snapshot', 0],
    ['one that came later', 2],
  ])('is accepted by %s, also when newer ones are there', async (_, index) => {
    const collapsed: string[] = [];
    for (let run = 0; run < 4; run += 1) {
      await hold(2);
      collapsed.push(last());
    }
    expect(ready()?.reason).toBe('ContentCollapsed');
    world.acceptCollapse(collapsed[index] ?? '');
    await world.calmRound();
    expect(ready()?.reason).toBe('Protected');
    expect(status()?.lastBackup?.id).toBe(collapsed[3]);
    expect(status()).toMatchObject({ pruningPaused: false });
    await hold(2);
    expect(ready()?.reason).toBe('Protected');
  });

  it('is not accepted by the snapshot of before, nor a further fall by the one that is accepted', async () => {
    await hold(500, 80_000_000);
    const good = last();
    await hold(100);
    const collapsed = last();
    await hold(5);
    world.acceptCollapse(good);
    await world.calmRound();
    expect(ready()?.reason).toBe('ContentCollapsed');
    world.acceptCollapse(collapsed);
    await world.calmRound();
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(status()?.lastBackup?.id).toBe(collapsed);
  });

  it.each([
    ['a run that left no snapshot', 'lied', 'SnapshotMissing'],
    ['a run that named the collapsed snapshot as its own', 'repeated', 'SnapshotMissing'],
    ['a run that left files out', 'partial', 'BackupPartial'],
  ] as const)('when accepted, does not answer for %s: only a good backup ends that', async (_, end, reason) => {
    await hold(2);
    const collapsed = last();
    await backUp(end);
    world.acceptCollapse(collapsed);
    await world.calmRound();
    expect(status()?.collapse).toBeUndefined();
    expect(status()?.lastBackup?.id).toBe(collapsed);
    expect(ready()).toMatchObject({ status: 'False', reason });
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    await backUp();
    expect(ready()?.reason).toBe('Protected');
    expect(engineSettings()).not.toMatchObject(KEEPS_ALL);
  });

  it('ends by itself when the content is back', async () => {
    await hold(2);
    world.write((before) => ({ ...before, ...full }));
    await backUp();
    expect(ready()?.reason).toBe('Protected');
    expect(ledger().collapse).toBeUndefined();
  });

  it('is none where the claim says that size means nothing', async () => {
    await hold(2);
    annotate(COLLAPSE_ANNOTATION, 'ignore');
    await world.calmRound();
    expect(ready()?.reason).toBe('Protected');
    await hold(41);
    await hold(1);
    expect(ready()?.reason).toBe('Protected');
  });

  it('keeps its yardstick for as long as it is open', async () => {
    await hold(2);
    for (let day = 0; day < 40; day += 1) await backUp('complete', DAY_MILLISECONDS);
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(ledger().collapse?.yardstick.files).toBe(40);
  });

  it('is known again to the claim that is created anew', async () => {
    const good = last();
    await hold(2);
    world.recreateClaim();
    await world.until(({ restore }) => restore?.status?.phase === 'Completed', 60);
    world.scale(1);
    await world.until((one) => one.isAppRunning);
    world.write((before) => ({ ...before, files: 2, sizeBytes: 10 }));
    await world.calmRound();
    await backUp();
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(status()?.collapse?.good.id).toBe(good);
  });
});

describe('invariant 4: what was found wrong stays, keeps everything, and is told again', () => {
  const passing: Record<string, readonly [begin: () => void, end: () => void]> = {
    'the policy is suspended': [() => suspend(true), () => suspend(false)],
    'the label is mistyped': [() => world.setLabel('nonsense'), () => world.setLabel('hourly')],
    'the master Secret is gone': [
      () => void world.server.delete(secrets, { namespace: SYSTEM_NAMESPACE, name: 'master' }),
      () => {
        const data = { masterPassword: Buffer.from('master').toString('base64') };
        world.server.create(secrets, { metadata: { namespace: SYSTEM_NAMESPACE, name: 'master' }, data });
      },
    ],
    'the controller is restarted': [() => undefined, () => undefined],
  };
  const found: Record<string, readonly [find: () => Promise<void>, reason: string]> = {
    'a missing snapshot': [() => backUp('lied'), 'SnapshotMissing'],
    'a collapse': [() => hold(2), 'ContentCollapsed'],
    'a backup that left files out': [() => backUp('partial'), 'BackupPartial'],
  };
  const both = Object.keys(found).flatMap((what) => Object.keys(passing).map((when) => [what, when] as const));

  it.each(both)('%s, while %s', async (what, when) => {
    const [find, reason] = found[what] ?? [];
    const [start, end] = passing[when] ?? [];
    await find?.();
    expect(ready()?.reason).toBe(reason);
    start?.();
    await world.look();
    await world.restart();
    await world.look();
    end?.();
    for (let round = 0; round < 2; round += 1) await world.calmRound();
    expect(ready()).toMatchObject({ status: 'False', reason });
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    if (when !== 'the controller is restarted') expect(warnings().filter((one) => one === reason)).toHaveLength(2);
  });

  it('a missing snapshot, while the next backup fails', async () => {
    await backUp('lied');
    await backUp('error');
    expect(ready()?.status).toBe('False');
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    await world.calmRound();
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    await backUp();
    expect(ready()?.reason).toBe('Protected');
    expect(engineSettings()).not.toMatchObject(KEEPS_ALL);
  });

  it('what an earlier version kept in a condition only is found anew', async () => {
    await hold(2);
    const { collapse: _new, pruningPausedBecause: _newer, ...old } = status() ?? {};
    const { runs: _runs, collapse: _open, ...record } = ledger();
    const key = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });
    world.destination.restic.store.objects.set(key, Buffer.from(JSON.stringify(record)));
    await world.process.client.applyStatus(protectedVolumes, {
      metadata: CLAIM_REF,
      status: { ...old, lastBackup: { id: last(), time: new Date(world.now()).toISOString() } },
    });
    await world.calmRound();
    expect(ready()?.reason).toBe('ContentCollapsed');
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
  });
});

describe('a backup that left out files that it could not read', () => {
  it('invariant 10: is told at once, with the files, and does not make the claim protected', async () => {
    await begin();
    await backUp('partial');
    expect(status()?.phase).toBe('Degraded');
    expect(status()?.lastBackup).toBeUndefined();
    const { type, message } = world.events.findLast(({ reason }) => reason === 'BackupPartial') ?? {};
    expect(type).toBe('Warning');
    expect(message).toContain('open /data/pgdata: permission denied');
    expect(ledger().runs).toMatchObject([{ snapshotId: last(), result: 'partial', writer: CLUSTER_UID }]);
    expect(ledger().lastGoodBackup).toBeUndefined();
  });

  it('leaves the last good backup what it was, and ends with a whole one', async () => {
    const good = last();
    for (let attempt = 0; attempt < 3; attempt += 1) await backUp('partial', 60_000);
    expect(status()?.lastBackup?.id).toBe(good);
    expect(ledger().runs?.map(({ result }) => result)).toEqual(['partial', 'partial', 'partial', 'good']);
    expect(ledger().lastGoodBackup?.snapshotId).toBe(good);
    await backUp();
    expect(ready()?.reason).toBe('Protected');
    expect(ledger().lastGoodBackup?.snapshotId).toBe(last());
    expect(engineSettings()).not.toMatchObject(KEEPS_ALL);
  });
});

describe('a success without a word', () => {
  it('is confirmed by a snapshot of its own', async () => {
    await backUp('mute');
    expect(ready()?.reason).toBe('Protected');
    expect(status()?.lastBackup?.id).toBe(last());
  });

  it('is not confirmed by a snapshot that was known before', async () => {
    world.write((before) => ({ ...before, files: 0, sizeBytes: 0 }));
    await backUp('mute');
    expect(ready()?.reason).toBe('SnapshotMissing');
  });

  it('is not confirmed by an older snapshot that was not known', async () => {
    world.truth.save(full, world.now() + 1_000);
    world.write((before) => ({ ...before, files: 0, sizeBytes: 0 }));
    await backUp('mute');
    expect(ready()?.reason).toBe('SnapshotMissing');
  });
});

describe('a claim that goes while it is looked at', () => {
  it('is no failure: the news of it brings what is left to do', async () => {
    world.wait(3 * HOUR_MILLISECONDS);
    world.process.copies.seeEverything();
    if (world.schedule !== undefined) world.server.delete(replicationSources, world.schedule.metadata);
    world.server.delete(protectedVolumes, CLAIM_REF);
    world.server.delete(persistentVolumeClaims, CLAIM_REF);
    expect(await world.process.protections.reconcile(`${NAMESPACE}/${CLAIM}`)).toEqual({ kind: 'done' });
  });
});

describe('invariant 13: protection ends', () => {
  it('when there has been no good backup for two and a half intervals', async () => {
    world.wait(2.4 * HOUR_MILLISECONDS);
    await world.look();
    expect(ready()?.reason).toBe('Protected');
    world.wait(0.2 * HOUR_MILLISECONDS);
    await world.look();
    expect(ready()).toMatchObject({ status: 'False', reason: 'BackupOverdue' });
    expect(engineSettings()).toMatchObject(KEEPS_ALL);
    expect(warnings()).toEqual(['BackupOverdue']);
    await backUp();
    expect(ready()?.reason).toBe('Protected');
  });

  it('by itself: it is looked at again when that time comes', async () => {
    const result = await world.process.protections.reconcile(`${NAMESPACE}/${CLAIM}`);
    const milliseconds = result.kind === 'requeueAfter' ? result.milliseconds : 0;
    expect(milliseconds).toBeGreaterThan(2 * HOUR_MILLISECONDS);
    expect(milliseconds).toBeLessThanOrEqual(2.5 * HOUR_MILLISECONDS);
  });

  it("when the engine says that it can't back up, in its words", async () => {
    world.server.change(replicationSources, world.schedule?.metadata ?? { name: '' }, (object) => {
      const message = 'no default VolumeSnapshotClass for driver csi.example';
      childOf(object, 'status')['conditions'] = [{ type: 'Synchronizing', status: 'False', reason: 'Error', message }];
    });
    await world.look();
    expect(ready()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
    expect(ready()?.message).toContain('no default VolumeSnapshotClass');
  });

  it('when the Secret of the schedule is gone, until that was made again', async () => {
    for (const { metadata } of world.server.list(secrets)) {
      if (metadata.namespace === NAMESPACE) world.server.delete(secrets, metadata);
    }
    await backUp();
    expect(ready()).toMatchObject({ status: 'False', reason: 'BackupFailing' });
    await backUp();
    expect(ready()?.reason).toBe('Protected');
  });

  it('not for a volume that is empty and may be', async () => {
    annotate(COLLAPSE_ANNOTATION, 'ignore');
    for (let hour = 0; hour < 4; hour += 1) await hold(0);
    expect(ready()?.reason).toBe('EmptyVolume');
    expect(warnings()).toEqual([]);
  });
});

describe('the ledger', () => {
  it('remembers each run, by whom and how often, for whom, and how large the volume is', async () => {
    await hold(2);
    expect(ledger()).toMatchObject({
      claimUid: world.claim?.metadata.uid,
      intervalSeconds: 3600,
      passwordDerivation: 1,
      runs: [
        { snapshotId: last(), result: 'collapsed', files: 1 },
        { result: 'good', files: 40, directories: 1, sizeBytes: 8_000_000 },
      ],
    });
    expect(ledger().destinationId).toBeDefined();
  });

  it('keeps what a later version wrote into it, of the claim and of its runs, through further backups', async () => {
    const key = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });
    const { objects } = world.destination.restic.store;
    const { runs = [], ...record } = ledger();
    const later = { ...record, pinnedBy: 'a drill', runs: runs.map((run) => ({ ...run, pinned: true })) };
    objects.set(key, Buffer.from(JSON.stringify(later)));
    const first = last();
    await backUp();
    await hold(2);
    expect(ledger()).toMatchObject({ pinnedBy: 'a drill' });
    expect(ledger().runs?.find(({ snapshotId }) => snapshotId === first)).toMatchObject({ pinned: true });
    expect(ledger().runs?.map(({ result }) => result)).toEqual(['collapsed', 'good', 'good']);
  });
});
