import { describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { HISTORY_LIMIT, readLedger, withGoodBackup, writeLedger, type ClaimRecord, type GoodBackup } from './ledger.ts';
import { createMemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from './outcome.ts';
import { createStoredDestination } from './stored-destination.ts';

const limits = { timeoutMilliseconds: 1_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const key = { namespace: 'shop', claim: 'db' };
const objectKey = '.rebound/claims/shop/db.json';
const beforeKey = '.rebound/claims-before/shop/db.json';
const corruptKey = '.rebound/claims-corrupt/shop/db.json';

const setUp = () => {
  const store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  return { store, destination: createStoredDestination(store, { expectedIdentity: identity.id }) };
};

const backup = (n: number): GoodBackup => ({
  snapshotId: String(n).padStart(64, '0'),
  time: '2026-01-02T03:04:05.123456789Z',
  sizeBytes: 100 + n,
  files: n,
  directories: 1,
});

const record: ClaimRecord = {
  version: 1,
  ...key,
  claimUid: 'uid',
  policy: 'hourly',
  lastGoodBackup: backup(1),
  mover: { runAsUser: 999, fsGroup: 999 },
  recordedAt: '2026-01-02T03:04:06Z',
};

describe('the ledger', () => {
  it('reads what it wrote', async () => {
    const { destination } = setUp();
    expect(await writeLedger(destination, record, limits)).toEqual({ ok: true, value: undefined });
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: record });
  });

  it('says that there is no record only when there certainly is none', async () => {
    const { store, destination } = setUp();
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: undefined });
    store.fault = () => failure('Timeout', 'slow');
    expect(await readLedger(destination, key, limits)).toMatchObject({ ok: false, reason: 'Timeout' });
  });

  it.each([
    ['no JSON', '{"version":1'],
    ['an empty object', ''],
    ['another version', JSON.stringify({ ...record, version: 2 })],
    ['a bad snapshot id', JSON.stringify({ ...record, lastGoodBackup: { ...backup(1), snapshotId: 'abc' } })],
    ["another claim's record", JSON.stringify({ ...record, claim: 'other' })],
    ['a web page', '<html></html>'],
  ])('invariant 2: %s is not "no record"', async (_, text) => {
    const { store, destination } = setUp();
    store.objects.set(objectKey, Buffer.from(text));
    const result = await readLedger(destination, key, limits);
    expect(result).toMatchObject({ ok: false, reason: 'InvalidRecord' });
    expect(!result.ok && result.message).toContain(objectKey);
  });

  it('keeps fields that a later version added', async () => {
    const { store, destination } = setUp();
    store.objects.set(objectKey, Buffer.from(JSON.stringify({ ...record, color: 'blue' })));
    const result = await readLedger(destination, key, limits);
    expect(result.ok && result.value).toMatchObject({ color: 'blue' });
  });

  it('keeps fields that a later version added at any level, also when the record is written again', async () => {
    const { store, destination } = setUp();
    const later = {
      ...record,
      color: 'blue',
      lastGoodBackup: { ...backup(1), checked: true },
      history: [{ snapshotId: backup(1).snapshotId, time: backup(1).time, sizeBytes: 1, files: 1, pinned: true }],
      runs: [{ snapshotId: backup(1).snapshotId, time: backup(1).time, result: 'good', writer: 'us', tries: 2 }],
      collapse: { since: backup(1).time, yardstick: { ...backup(1), why: 'largest' }, told: true },
      owner: { clusterUid: 'us', since: backup(1).time, name: 'prod' },
    };
    store.objects.set(objectKey, Buffer.from(JSON.stringify(later)));
    const read = await readLedger(destination, key, limits);
    if (!read.ok || read.value === undefined) throw new Error('the record was not read');
    await writeLedger(destination, read.value, limits);
    expect(JSON.parse(Buffer.from(store.objects.get(objectKey) ?? []).toString())).toEqual(later);
  });

  it('puts a copy of the record beside before it replaces it', async () => {
    const { store, destination } = setUp();
    await writeLedger(destination, record, limits);
    expect(store.objects.has(beforeKey)).toBe(false);
    const first = store.objects.get(objectKey);
    await writeLedger(destination, { ...record, policy: 'daily' }, limits);
    expect(store.objects.get(beforeKey)).toEqual(first);
  });

  it('takes the copy where the record itself is damaged, and keeps the damaged one when it is replaced', async () => {
    const { store, destination } = setUp();
    await writeLedger(destination, record, limits);
    await writeLedger(destination, { ...record, policy: 'daily' }, limits);
    const damaged = Buffer.from('{"version":1');
    store.objects.set(objectKey, damaged);
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: record });
    await writeLedger(destination, { ...record, policy: 'weekly' }, limits);
    expect(store.objects.get(corruptKey)).toEqual(damaged);
    expect(await readLedger(destination, key, limits)).toMatchObject({ ok: true, value: { policy: 'weekly' } });
    store.objects.set(objectKey, damaged);
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: record });
  });

  it('invariant 2: does not take a record that was removed from its copy', async () => {
    const { store, destination } = setUp();
    await writeLedger(destination, record, limits);
    await writeLedger(destination, record, limits);
    store.objects.delete(objectKey);
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: undefined });
  });

  it('invariant 2: does not say that a damaged record has no copy when the copy cannot be read now', async () => {
    const { store, destination } = setUp();
    store.objects.set(objectKey, Buffer.from('damaged'));
    store.fault = (call) => (call.includes('claims-before') ? failure('Timeout', 'slow') : undefined);
    expect(await readLedger(destination, key, limits)).toMatchObject({ ok: false, reason: 'Timeout' });
  });

  it('replaces nothing when the copy cannot be written', async () => {
    const { store, destination } = setUp();
    await writeLedger(destination, record, limits);
    store.fault = (call) => (call.includes('claims-before') ? failure('AccessDenied', 'no') : undefined);
    const written = await writeLedger(destination, { ...record, policy: 'daily' }, limits);
    expect(written).toMatchObject({ ok: false, reason: 'AccessDenied' });
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: record });
  });

  it('does not write what would not read back', async () => {
    const { store, destination } = setUp();
    const result = await writeLedger(destination, { ...record, recordedAt: 'yesterday' }, limits);
    expect(result).toMatchObject({ ok: false, reason: 'InvalidRecord' });
    expect(store.objects.has(objectKey)).toBe(false);
  });
});

describe('withGoodBackup', () => {
  it('puts the newest first and stays bounded', () => {
    let grown = record;
    for (let n = 2; n < 20; n += 1) grown = withGoodBackup(grown, backup(n), '2026-01-03T00:00:00Z');
    expect(grown.lastGoodBackup).toEqual(backup(19));
    expect(grown.history).toHaveLength(HISTORY_LIMIT);
    expect(grown.history?.map((entry) => entry.files).slice(0, 3)).toEqual([19, 18, 17]);
  });

  it('does not list a backup twice', () => {
    const once = withGoodBackup(record, backup(2), record.recordedAt);
    expect(withGoodBackup(once, backup(2), record.recordedAt)).toEqual(once);
  });
});
