import { describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from './outcome.ts';
import { createStoredDestination } from './stored-destination.ts';

const limits = { timeoutMilliseconds: 1_000 };
const ours = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const other = newDestinationIdentity('00000000-0000-4000-8000-000000000002', new Date(0));
const snapshotKey = `shop/db/snapshots/${'a'.repeat(64)}`;
const bytes = Buffer.from('x');

const setUp = (identity = ours) => {
  const store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  let now = 0;
  const destination = createStoredDestination(store, { expectedIdentity: ours.id, nowMilliseconds: () => now });
  return { store, destination, wait: (milliseconds: number) => (now += milliseconds) };
};

const identityReads = (store: MemoryStore): number =>
  store.calls.filter((call) => call === `GET ${IDENTITY_KEY}`).length;

describe('probe', () => {
  it('finds a snapshot', async () => {
    const { store, destination } = setUp();
    store.objects.set(snapshotKey, bytes);
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'exists' });
  });

  it("finds none, beside other claims' snapshots and an initialised but empty repository", async () => {
    const { store, destination } = setUp();
    store.objects.set(`shop/db2/snapshots/${'a'.repeat(64)}`, bytes).set('shop/db/config', bytes);
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
  });

  it('ignores an object that stands for the folder', async () => {
    const { store, destination } = setUp();
    store.objects.set('shop/db/snapshots/', new Uint8Array());
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    store.objects.set(snapshotKey, bytes);
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'exists' });
  });

  it('finds a snapshot behind other objects', async () => {
    const { store, destination } = setUp();
    for (const name of ['', '!1', '!2', '!3', 'a']) store.objects.set(`shop/db/snapshots/${name}`, bytes);
    store.objects.set(`shop/db/snapshots/${'f'.repeat(64)}`, bytes);
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'exists' });
  });

  it('invariant 2: a folder that holds something else is not none', async () => {
    const { store, destination } = setUp();
    store.objects.set('shop/db/snapshots/.tmp', bytes);
    const result = await destination.probe('shop/db', limits);
    expect(result).toMatchObject({ kind: 'unknown', reason: 'BadResponse' });
    expect(JSON.stringify(result)).toContain('shop/db/snapshots/.tmp');
  });

  it('invariant 2: pages without keys that never end are not none', async () => {
    const store = createMemoryStore();
    store.objects.set(IDENTITY_KEY, encodeIdentity(ours));
    const endless = {
      ...store,
      listPage: () => Promise.resolve({ ok: true as const, value: { entries: [], next: 'n' } }),
    };
    const destination = createStoredDestination(endless, { expectedIdentity: ours.id });
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'BadResponse' });
  });

  it('invariant 2: a listing that fails is not none', async () => {
    const { store, destination } = setUp();
    store.fault = (call) => (call.startsWith('LIST') ? failure('Throttled', 'busy') : undefined);
    expect(await destination.probe('shop/db', limits)).toEqual({
      kind: 'unknown',
      reason: 'Throttled',
      message: 'busy',
    });
  });
});

describe('the identity guard', () => {
  it('invariant 2: an emptied store says nothing', async () => {
    const { store, destination } = setUp();
    store.objects.clear();
    const unknown = { reason: 'IdentityMissing' };
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', ...unknown });
    expect(await destination.read('any', limits)).toMatchObject({ ok: false, ...unknown });
    expect(await destination.list('', limits)).toMatchObject({ ok: false, ...unknown });
    expect(await destination.verifyIdentity(limits)).toMatchObject({ ok: false, ...unknown });
  });

  it('invariant 2: another destination says nothing, not even that a backup exists', async () => {
    const { store, destination } = setUp(other);
    store.objects.set(snapshotKey, bytes);
    const result = await destination.probe('shop/db', limits);
    expect(result).toMatchObject({ kind: 'unknown', reason: 'WrongIdentity' });
    expect(JSON.stringify(result)).toContain(other.id);
  });

  it('does not write to another destination', async () => {
    const { store, destination } = setUp(other);
    expect(await destination.write('key', bytes, limits)).toMatchObject({ ok: false, reason: 'WrongIdentity' });
    expect(store.objects.has('key')).toBe(false);
  });

  it('invariant 2: a destination that was never initialised says nothing', async () => {
    const destination = createStoredDestination(createMemoryStore(), { expectedIdentity: undefined });
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'NotInitialized' });
  });

  it('invariant 2: an identity that cannot be read or understood is not the right one', async () => {
    const { store, destination } = setUp();
    store.objects.set(IDENTITY_KEY, Buffer.from('<html>'));
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'InvalidRecord' });
    store.fault = (call) => (call.startsWith('GET') ? failure('Timeout', 'slow') : undefined);
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'Timeout' });
  });

  it('prefers to say that it is the wrong store, else what failed', async () => {
    const { store, destination } = setUp(other);
    store.fault = (call) => (call.startsWith('LIST') ? failure('AccessDenied', 'no') : undefined);
    expect(await destination.probe('shop/db', limits)).toMatchObject({ reason: 'WrongIdentity' });
    store.fault = (call) => failure('AccessDenied', call);
    expect(await destination.probe('shop/db', limits)).toMatchObject({ message: 'LIST shop/db/snapshots/' });
  });

  it('reads the identity once for calls at the same time and for a while after', async () => {
    const { store, destination, wait } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => destination.probe('shop/db', limits)));
    expect(identityReads(store)).toBe(1);
    wait(5_000);
    await destination.probe('shop/db', limits);
    expect(identityReads(store)).toBe(1);
    wait(1);
    await destination.probe('shop/db', limits);
    expect(identityReads(store)).toBe(2);
  });

  it('does not keep a wrong reading', async () => {
    const { store, destination } = setUp(other);
    await destination.probe('shop/db', limits);
    store.objects.set(IDENTITY_KEY, encodeIdentity(ours));
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
  });

  it('leaves the shared reading to the others when one caller gives up', async () => {
    const store = createMemoryStore();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    store.objects.set(IDENTITY_KEY, encodeIdentity(ours));
    const slow = {
      ...store,
      read: async (key: string, options: typeof limits) => promise.then(() => store.read(key, options)),
    };
    const destination = createStoredDestination(slow, { expectedIdentity: ours.id });
    const hurried = destination.probe('shop/db', { timeoutMilliseconds: 20 });
    const aborted = destination.probe('shop/db', { ...limits, signal: AbortSignal.abort() });
    const patient = destination.probe('shop/db', { timeoutMilliseconds: 10_000 });
    expect(await hurried).toMatchObject({ kind: 'unknown', reason: 'Timeout' });
    expect(await aborted).toMatchObject({ kind: 'unknown', reason: 'Aborted' });
    resolve(undefined);
    expect(await patient).toEqual({ kind: 'none' });
    expect(identityReads(store)).toBe(1);
  });
});

describe('initialize', () => {
  const make = () => {
    const store = createMemoryStore();
    return { store, destination: createStoredDestination(store, { expectedIdentity: undefined }) };
  };

  it('gives a new store its identity', async () => {
    const { destination } = make();
    expect(await destination.identity(limits)).toEqual({ kind: 'missing' });
    expect(await destination.initialize(ours, limits)).toEqual({ ok: true, value: { identity: ours, created: true } });
    expect(await destination.identity(limits)).toEqual({ kind: 'known', identity: ours });
  });

  it('leaves an identity as it is', async () => {
    const { destination } = make();
    await destination.initialize(other, limits);
    expect(await destination.initialize(ours, limits)).toEqual({
      ok: true,
      value: { identity: other, created: false },
    });
  });

  it('returns what won when two write at the same time, even on a store that overwrites', async () => {
    const { store } = make();
    const overwriting = {
      ...store,
      create: (key: string) => {
        store.objects.set(key, encodeIdentity(other));
        return Promise.resolve({ ok: true as const, value: true });
      },
    };
    const destination = createStoredDestination(overwriting, { expectedIdentity: undefined });
    expect(await destination.initialize(ours, limits)).toEqual({
      ok: true,
      value: { identity: other, created: false },
    });
  });

  it('writes nothing when it is not certain that there is none', async () => {
    const { store, destination } = make();
    store.objects.set(IDENTITY_KEY, Buffer.from('{"version":2}'));
    expect(await destination.initialize(ours, limits)).toMatchObject({ ok: false, reason: 'InvalidRecord' });
    store.fault = (call) => (call.startsWith('GET') ? failure('StoreError', 'x') : undefined);
    expect(await destination.initialize(ours, limits)).toMatchObject({ ok: false, reason: 'StoreError' });
    expect(store.calls.some((call) => call.startsWith('PUT'))).toBe(false);
  });

  it('fails when the store does not return what it accepted', async () => {
    const { store } = make();
    const forgetful = { ...store, create: () => Promise.resolve({ ok: true as const, value: true }) };
    const destination = createStoredDestination(forgetful, { expectedIdentity: undefined });
    expect(await destination.initialize(ours, limits)).toMatchObject({ ok: false, reason: 'StoreError' });
  });
});

describe('list', () => {
  it('reads all pages', async () => {
    const { store, destination } = setUp();
    for (let n = 0; n < 2_500; n += 1) store.objects.set(`many/${String(n).padStart(5, '0')}`, bytes);
    const result = await destination.list('many/', limits);
    expect(result.ok && result.value.length).toBe(2_500);
    expect(result.ok && result.value.at(-1)?.key).toBe('many/02499');
  });

  it('fails rather than to return a part', async () => {
    const { store, destination } = setUp();
    for (let n = 0; n < 11; n += 1) store.objects.set(`many/${n}`, bytes);
    expect(await destination.list('many/', { ...limits, maximumEntries: 10 })).toMatchObject({ reason: 'TooLarge' });
  });

  it('notices a listing that goes round in a circle', async () => {
    const store = createMemoryStore();
    store.objects.set(IDENTITY_KEY, encodeIdentity(ours));
    const page = { ok: true as const, value: { entries: [], next: 'same' } };
    const destination = createStoredDestination(
      { ...store, listPage: () => Promise.resolve(page) },
      { expectedIdentity: ours.id },
    );
    expect(await destination.list('', limits)).toMatchObject({ ok: false, reason: 'BadResponse' });
  });
});

describe('removeLock', () => {
  const lockId = 'b'.repeat(64);

  it('removes a lock, also one that is gone already', async () => {
    const { store, destination } = setUp();
    store.objects.set(`shop/db/locks/${lockId}`, bytes).set(snapshotKey, bytes);
    for (let n = 0; n < 2; n += 1) {
      expect(await destination.removeLock('shop/db', lockId, limits)).toEqual({ ok: true, value: undefined });
    }
    expect([...store.objects.keys()]).toEqual([IDENTITY_KEY, snapshotKey]);
  });

  it.each(['', 'b', `${lockId}/../../snapshots/${'a'.repeat(64)}`, '../config', 'B'.repeat(64)])(
    'invariant 4: deletes nothing that is not a lock: %j',
    async (id) => {
      const { store, destination } = setUp();
      await expect(destination.removeLock('shop/db', id, limits)).rejects.toThrow(RangeError);
      expect(store.calls.some((call) => call.startsWith('DELETE'))).toBe(false);
    },
  );

  it('invariant 4: deletes nothing in another destination', async () => {
    const { store, destination } = setUp(other);
    store.objects.set(`shop/db/locks/${lockId}`, bytes);
    expect(await destination.removeLock('shop/db', lockId, limits)).toMatchObject({ reason: 'WrongIdentity' });
    expect(store.objects.has(`shop/db/locks/${lockId}`)).toBe(true);
  });
});
