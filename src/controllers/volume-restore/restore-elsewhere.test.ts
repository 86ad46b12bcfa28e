import { beforeEach, describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { parseClaimRecord } from '../../destinations/ledger.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from '../../destinations/outcome.ts';
import { findCondition } from '../../kube/model/conditions.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../../api/resource-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { World } from '#simulation/world.ts';

const DAY_MILLISECONDS = 86_400_000;
const RECORD_KEY = '.rebound/claims/shop/data.json';
const NEW_IDENTITY = '00000000-0000-4000-8000-000000000007';
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;
let moved: MemoryStore;
let snapshot: TrueSnapshot;

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';

/** What the restore's Ready condition says. */
const standing = () => findCondition(world.restore?.status?.conditions, 'Ready');

const calmRounds = async (count: number): Promise<void> => {
  for (let round = 0; round < count; round += 1) await world.calmRound();
};

/** A good backup in the destination that the tier had before, as the ledger remembers it. */
const backUpBefore = (ageMilliseconds: number): void => {
  snapshot = world.truth.save(full, world.now() - ageMilliseconds);
  const time = new Date(snapshot.timeMilliseconds).toISOString();
  const lastGoodBackup = { snapshotId: snapshot.id, time, sizeBytes: full.sizeBytes, files: 40, directories: 1 };
  const record = { version: 1, namespace: 'shop', claim: 'data', claimUid: 'old', policy: 'hourly', lastGoodBackup };
  const bytes = Buffer.from(JSON.stringify({ ...record, recordedAt: time }));
  world.destination.restic.store.objects.set('.rebound/claims/shop/data.json', bytes);
};

/** The tier now names another destination, which is empty; all backups are in the one before. */
function moveTier(): void {
  moved = createMemoryStore();
  moved.objects.set(IDENTITY_KEY, encodeIdentity(newDestinationIdentity(NEW_IDENTITY, new Date(0))));
  world.furtherStores.set('new-bucket', moved);
  world.server.create(backupDestinations, {
    metadata: { name: 'moved' },
    spec: {
      s3: { bucket: 'new-bucket', endpoint: 'http://s3.example', credentialsSecretName: 'keys' },
      repositoryPasswordSecretName: 'master',
      identity: NEW_IDENTITY,
    },
  });
  world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
    childOf(object, 'spec')['destination'] = 'moved';
  });
}

beforeEach(() => {
  world = new World();
  moveTier();
});

describe('a claim whose backups are in another destination than its tier names', () => {
  it('invariant 1: gets them back from there, and its backups go to the destination of its tier', async () => {
    backUpBefore(DAY_MILLISECONDS);
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts.length > 0);
    const keys = world.server.list(secrets).map(({ data }) => data?.['RESTIC_REPOSITORY'] ?? '');
    const urls = keys.map((key) => Buffer.from(key, 'base64').toString()).filter((url) => url !== '');
    expect(urls).toEqual(['s3:http://s3.example/backups/shop/data']);
    await world.until(isCompleted);
    expect(world.restore?.status).toMatchObject({ destinationName: 'default', snapshot: { id: snapshot.id } });
    expect(world.content?.snapshotId).toBe(snapshot.id);
    world.scale(1);
    await world.until(({ schedule }) => schedule !== undefined);
    const repository = world.server
      .list(secrets)
      .flatMap(({ data }) => data?.['RESTIC_REPOSITORY'] ?? [])
      .map((key) => Buffer.from(key, 'base64').toString());
    expect(repository).toContain('s3:http://s3.example/new-bucket/shop/data');
  });

  it('invariant 1: waits where they are old, and both destinations are named', async () => {
    backUpBefore(31 * DAY_MILLISECONDS);
    world.createClaim('restore');
    await calmRounds(6);
    expect(standing()).toMatchObject({ reason: 'BackupElsewhere' });
    expect(standing()?.message).toContain('destination moved holds no backup of this claim, but default does');
    expect(world.claim?.spec.volumeName).toBeUndefined();
  });

  it('gets them back from a destination of a cluster that is gone, whose keys only read', async () => {
    backUpBefore(DAY_MILLISECONDS);
    const { store } = world.destination.restic;
    const record = parseClaimRecord(
      { namespace: 'shop', claim: 'data' },
      store.objects.get(RECORD_KEY) ?? new Uint8Array(),
    );
    if (!record.ok) throw new Error(record.message);
    const owner = { clusterUid: 'cluster-gone', since: record.value.recordedAt };
    store.objects.set(RECORD_KEY, Buffer.from(JSON.stringify({ ...record.value, owner })));
    store.fault = (call) => (call.startsWith('PUT') ? failure('AccessDenied', 'these keys only read') : undefined);
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });

  it('invariant 2: waits while the other destination does not answer', async () => {
    world.destination.restic.store.fault = () => failure('Unreachable', 'the store does not answer');
    world.createClaim('restore');
    await calmRounds(6);
    expect(standing()).toMatchObject({ reason: 'ElsewhereUnknown' });
    expect(world.claim?.spec.volumeName).toBeUndefined();
  });

  it('starts blank once the other destination is not to be consulted', async () => {
    backUpBefore(31 * DAY_MILLISECONDS);
    world.server.change(backupDestinations, { name: 'default' }, (object) => {
      childOf(object, 'spec')['consulted'] = false;
    });
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.restore?.status).toMatchObject({ blank: true });
  });

  it('starts blank where no destination holds a backup', async () => {
    world.createClaim('restore');
    await world.until(isCompleted);
    expect(world.restore?.status).toMatchObject({ blank: true });
  });
});

describe('a claim of a tier that Rebound has just made by itself', () => {
  const makeTierYoung = (): void => {
    world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      const metadata = childOf(object, 'metadata');
      metadata['managedFields'] = [{ manager: 'rebound', operation: 'Update' }];
      metadata['creationTimestamp'] = new Date(world.now()).toISOString();
    });
  };

  it('invariant 1: does not start blank before the tier is ten minutes old', async () => {
    makeTierYoung();
    const madeAt = world.now();
    world.createClaim('restore');
    await calmRounds(3);
    expect(standing()).toMatchObject({ reason: 'YoungTier' });
    expect(standing()?.message).toContain('manifests/tiers');
    await world.until(isCompleted);
    expect(world.now() - madeAt).toBeGreaterThanOrEqual(600_000);
  });

  it('is restored at once where a backup exists', async () => {
    makeTierYoung();
    backUpBefore(DAY_MILLISECONDS);
    world.createClaim('restore');
    await world.until(isCompleted, 8);
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });
});

describe('a claim that waits for its pod while its tier is given another destination', () => {
  it('invariant 1: is restored from where its backup was found', async () => {
    world = new World({ volumeBindingMode: 'WaitForFirstConsumer' });
    backUpBefore(DAY_MILLISECONDS);
    world.createClaim('restore');
    await world.until(({ restore }) => restore?.status?.snapshot !== undefined);
    moveTier();
    world.scale(1);
    await world.until(isCompleted);
    expect(world.restore?.status).toMatchObject({ destinationName: 'default', snapshot: { id: snapshot.id } });
    expect(world.content?.snapshotId).toBe(snapshot.id);
  });
});
