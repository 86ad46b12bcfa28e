import { beforeEach, describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { readRunRecord, type RunRecord, writeRunRecord } from './run-record.ts';
import { createStoredDestination } from './stored-destination.ts';

const limits = { timeoutMilliseconds: 1_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const claim = { namespace: 'shop', claim: 'db' };
const key = '.rebound/runs/shop/db/run-1.json';

const record: RunRecord = {
  version: 1,
  runId: 'run-1',
  clusterUid: 'cluster-1',
  ...claim,
  snapshotId: 'a'.repeat(64),
  time: '2026-01-01T00:00:00.5Z',
  files: 2,
  directories: 1,
  sizeBytes: 30,
  topFolder: {
    uid: 1000,
    gid: 100,
    mode: 0o2770,
    mtimeNanoseconds: '1577836800123456789',
    attributes: [{ name: 'system.posix_acl_access', value: 'AgAAAA==' }],
  },
  recordedAt: '2026-01-01T00:01:00Z',
};

let store: MemoryStore;
const destination = () => createStoredDestination(store, { expectedIdentity: identity.id });

beforeEach(() => {
  store = createMemoryStore(new Map([[IDENTITY_KEY, encodeIdentity(identity)]]));
});

describe('a run record', () => {
  it('reads back as it was written', async () => {
    expect(await writeRunRecord(destination(), record, limits)).toMatchObject({ ok: true });
    expect([...store.objects.keys()]).toContain(key);
    expect(await readRunRecord(destination(), claim, 'run-1', limits)).toEqual({ ok: true, value: record });
  });

  it('is certainly not there where nothing was written', async () => {
    expect(await readRunRecord(destination(), claim, 'run-2', limits)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['no JSON', '{'],
    ['of another run', JSON.stringify({ ...record, runId: 'run-2' })],
    ['without a top folder', JSON.stringify({ ...record, topFolder: undefined })],
  ])('invariant 2: is not taken for none where it is %s', async (_, text) => {
    store.objects.set(key, Buffer.from(text));
    expect(await readRunRecord(destination(), claim, 'run-1', limits)).toMatchObject({
      ok: false,
      reason: 'InvalidRecord',
    });
  });

  it('is not written where it would not read back', async () => {
    const bad = { ...record, snapshotId: 'latest' };
    expect(await writeRunRecord(destination(), bad, limits)).toMatchObject({ ok: false, reason: 'InvalidRecord' });
    expect([...store.objects.keys()]).toEqual([IDENTITY_KEY]);
  });

  it('stays in its folder', async () => {
    await expect(readRunRecord(destination(), claim, '../x', limits)).rejects.toThrow(RangeError);
  });
});
