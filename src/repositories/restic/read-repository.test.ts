import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../destinations/destination.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from '../../destinations/outcome.ts';
import { createStoredDestination } from '../../destinations/stored-destination.ts';
import { readRepository } from './read-repository.ts';
import { createRepositoryCache, type RepositoryCache } from './repository-cache.ts';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };
import type { SealKey } from './sealed-box.ts';

const limits = { timeoutMilliseconds: 10_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const folder = 'shop/db';

let store: MemoryStore;
let destination: Destination;
let cache: RepositoryCache;

beforeEach(() => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  destination = createStoredDestination(store, { expectedIdentity: identity.id });
  cache = createRepositoryCache();
});

const read = (password = 'pw', more = {}) =>
  readRepository(destination, folder, password, { ...limits, cache, ...more });

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The reverse of `openSealed`, after restic's design document. */
const seal = (key: SealKey, plain: Buffer): Buffer => {
  const iv = randomBytes(16);
  const text = createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain);
  const nonce = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false).update(iv);
  return Buffer.concat([iv, text, poly1305(text, Buffer.concat([key.macR, nonce]))]);
};

const newKey = (): SealKey => ({ encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) });

const putHashed = (kind: string, bytes: Buffer): string => {
  const name = sha256(bytes);
  store.objects.set(`${folder}/${kind}/${name}`, bytes);
  return name;
};

const keyFileFor = (master: SealKey, password: string): Buffer => {
  const salt = randomBytes(64);
  const bytes = scryptSync(password, salt, 64, { N: 2, r: 1, p: 1 });
  const user = { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48) };
  const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64');
  const json = { mac: { k: base64(master.macK), r: base64(master.macR) }, encrypt: base64(master.encrypt) };
  const data = base64(seal(user, Buffer.from(JSON.stringify(json))));
  return Buffer.from(JSON.stringify({ kdf: 'scrypt', N: 2, r: 1, p: 1, salt: base64(salt), data }));
};

const initRepository = (password = 'pw', version = 2): SealKey => {
  const key = newKey();
  store.objects.set(`${folder}/config`, seal(key, Buffer.from(JSON.stringify({ version, id: 'x' }))));
  putHashed('keys', keyFileFor(key, password));
  return key;
};

const snapshotJson = (time: string) => ({ time, tree: 'a'.repeat(64), hostname: 'volsync', paths: ['/data'] });

const addSnapshot = (key: SealKey, time: string): string => {
  const json = Buffer.from(JSON.stringify(snapshotJson(time)));
  return putHashed('snapshots', seal(key, Buffer.concat([Buffer.of(2), zstdCompressSync(json)])));
};

const gets = (): string[] => store.calls.filter((call) => call.startsWith('GET') && !call.includes('.rebound'));

describe('readRepository', () => {
  it.each(fixture.repositories)('reads what restic 0.18 wrote (format $version)', async (repository) => {
    store.objects.set(`${folder}/config`, Buffer.from(repository.config, 'base64'));
    store.objects.set(`${folder}/keys/${repository.keyName}`, Buffer.from(repository.key, 'base64'));
    store.objects.set(`${folder}/snapshots/${repository.snapshotName}`, Buffer.from(repository.snapshot, 'base64'));
    expect(await read(fixture.password)).toMatchObject({
      kind: 'read',
      damaged: [],
      snapshots: [{ id: repository.snapshotName, time: '2025-03-04T05:06:07Z', summary: { files: 2, sizeBytes: 11 } }],
    });
    expect(await read('wrong')).toMatchObject({ kind: 'unknown', reason: 'WrongPassword' });
  });

  it('returns snapshots oldest first', async () => {
    const key = initRepository();
    const newer = addSnapshot(key, '2026-02-01T00:00:00Z');
    const older = addSnapshot(key, '2026-01-01T00:00:00Z');
    const reading = await read();
    expect(reading.kind === 'read' && reading.snapshots.map(({ id }) => id)).toEqual([older, newer]);
  });

  it('tells absent from empty', async () => {
    expect(await read()).toEqual({ kind: 'absent' });
    initRepository();
    expect(await read()).toEqual({ kind: 'empty' });
    expect(await read('wrong')).toMatchObject({ kind: 'unknown', reason: 'WrongPassword' });
  });

  it('tells absent from empty even after it knew the key', async () => {
    initRepository();
    await read();
    for (const key of store.objects.keys()) if (key.startsWith(folder)) store.objects.delete(key);
    expect(await read()).toEqual({ kind: 'absent' });
  });

  it('tries every key', async () => {
    const key = initRepository('first');
    putHashed('keys', keyFileFor(key, 'second'));
    putHashed('keys', keyFileFor(key, 'third'));
    for (const password of ['first', 'second', 'third']) expect(await read(password)).toEqual({ kind: 'empty' });
    expect(await read('fourth')).toMatchObject({ reason: 'WrongPassword' });
  });

  it('opens with the good key beside a damaged one, and does not call a damaged key a wrong password', async () => {
    initRepository();
    const damagedKey = `${folder}/keys/${'0'.repeat(64)}`;
    store.objects.set(damagedKey, Buffer.from('rubbish'));
    expect(await read()).toEqual({ kind: 'empty' });
    expect(await read('wrong')).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
  });

  it('refuses a format that it does not know', async () => {
    initRepository('pw', 3);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Unsupported' });
  });
});

describe('damage', () => {
  const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'];

  it('reports a damaged snapshot and returns the others', async () => {
    const key = initRepository();
    const [first, second, third] = times.map((time) => addSnapshot(key, time));
    const object = `${folder}/snapshots/${second ?? ''}`;
    store.objects.get(object)?.fill(0, 20, 21);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'read', damaged: [{ id: second }] });
    expect(reading.kind === 'read' && reading.snapshots.map(({ id }) => id)).toEqual([first, third]);
    expect(gets().filter((call) => call.endsWith(object))).toHaveLength(2);
  });

  it('reads again what came damaged over the wire', async () => {
    const key = initRepository();
    const id = addSnapshot(key, times[0] ?? '');
    const object = `${folder}/snapshots/${id}`;
    const intact = store.objects.get(object) ?? expect.unreachable();
    store.objects.set(object, Buffer.from('cut'));
    let reads = 0;
    store.fault = (call) => {
      if (call === `GET ${object}` && (reads += 1) === 2) store.objects.set(object, intact);
      return undefined;
    };
    expect(await read()).toMatchObject({ kind: 'read', damaged: [] });
    expect(reads).toBe(2);
  });

  it('reports a snapshot of another repository, and one that is no snapshot', async () => {
    const key = initRepository();
    addSnapshot(key, times[0] ?? '');
    const foreign = addSnapshot(newKey(), times[1] ?? '');
    const odd = putHashed('snapshots', seal(key, Buffer.from('{"hello":1}')));
    const unreadable = putHashed('snapshots', seal(key, Buffer.from([2, 1, 2, 3])));
    const reading = await read();
    expect(reading.kind === 'read' && reading.damaged.map(({ id }) => id)).toEqual([foreign, odd, unreadable].sort());
  });

  it('invariant 2: a repository of which no snapshot can be read is neither empty nor read', async () => {
    const key = initRepository();
    const id = addSnapshot(key, times[0] ?? '');
    store.objects.set(`${folder}/snapshots/${id}`, Buffer.alloc(0));
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
  });

  it('invariant 2: snapshots without config or keys are neither absent nor empty', async () => {
    const key = initRepository();
    addSnapshot(key, times[0] ?? '');
    store.objects.delete(`${folder}/config`);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
    for (const name of store.objects.keys()) if (name.includes('/keys/')) store.objects.delete(name);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
  });

  it('invariant 2: a config without keys, or keys without a config, is not absent', async () => {
    initRepository();
    const config = store.objects.get(`${folder}/config`) ?? expect.unreachable();
    store.objects.delete(`${folder}/config`);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
    store.objects.set(`${folder}/config`, config);
    for (const name of store.objects.keys()) if (name.includes('/keys/')) store.objects.delete(name);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
  });

  it('invariant 2: objects that are no snapshots do not make a repository empty', async () => {
    initRepository();
    store.objects.set(`${folder}/snapshots/readme.txt`, Buffer.from('x'));
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'BadResponse' });
  });

  it.each([
    'LIST shop/db/snapshots/',
    'LIST shop/db/keys/',
    'GET shop/db/config',
    'GET shop/db/keys/',
    'GET shop/db/snapshots/',
  ])('invariant 2: a failure of %s makes the whole reading unknown', async (call) => {
    const key = initRepository();
    for (const time of times) addSnapshot(key, time);
    store.fault = (made) => (made.startsWith(call) ? failure('Timeout', 'slow') : undefined);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'unknown', reason: 'Timeout' });
    expect(JSON.stringify(reading)).toContain('slow');
  });

  it('invariant 2: under another identity nothing is read', async () => {
    initRepository();
    store.objects.delete(IDENTITY_KEY);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'IdentityMissing' });
  });
});

describe('a snapshot that goes away while it is read', () => {
  const vanishing = (id: string, listedStill: boolean): void => {
    const object = `${folder}/snapshots/${id}`;
    const bytes = store.objects.get(object) ?? expect.unreachable();
    store.fault = (call) => {
      if (call === `GET ${object}`) store.objects.delete(object);
      if (call.startsWith('LIST') && listedStill) store.objects.set(object, bytes);
      return undefined;
    };
  };

  it('is gone when it is not listed any more', async () => {
    const key = initRepository();
    const kept = addSnapshot(key, '2026-01-02T00:00:00Z');
    vanishing(addSnapshot(key, '2026-01-01T00:00:00Z'), false);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'read', damaged: [], snapshots: [{ id: kept }] });
  });

  it('is damaged when it is listed still', async () => {
    const key = initRepository();
    addSnapshot(key, '2026-01-02T00:00:00Z');
    const lost = addSnapshot(key, '2026-01-01T00:00:00Z');
    vanishing(lost, true);
    expect(await read()).toMatchObject({ kind: 'read', damaged: [{ id: lost }] });
  });
});

describe('the cache', () => {
  it('makes a second reading cost one listing, and a new snapshot one reading more', async () => {
    const key = initRepository();
    addSnapshot(key, '2026-01-01T00:00:00Z');
    await read();
    store.calls.length = 0;
    await read();
    expect(store.calls).toEqual(['LIST shop/db/snapshots/']);
    const id = addSnapshot(key, '2026-01-02T00:00:00Z');
    store.calls.length = 0;
    await read();
    expect(store.calls).toEqual(['LIST shop/db/snapshots/', `GET shop/db/snapshots/${id}`]);
  });

  it('does not answer to a wrong password', async () => {
    const key = initRepository();
    addSnapshot(key, '2026-01-01T00:00:00Z');
    await read();
    expect(await read('wrong')).toMatchObject({ reason: 'WrongPassword' });
  });

  it('notices a repository that was made anew with the same password', async () => {
    addSnapshot(initRepository(), '2026-01-01T00:00:00Z');
    await read();
    for (const name of store.objects.keys()) if (name.startsWith(folder)) store.objects.delete(name);
    const id = addSnapshot(initRepository(), '2026-01-02T00:00:00Z');
    expect(await read()).toMatchObject({ kind: 'read', damaged: [], snapshots: [{ id }] });
  });

  it('keeps a key that was derived after the caller gave up', async () => {
    const repository = fixture.repositories[0] ?? expect.unreachable();
    store.objects.set(`${folder}/config`, Buffer.from(repository.config, 'base64'));
    store.objects.set(`${folder}/keys/${repository.keyName}`, Buffer.from(repository.key, 'base64'));
    const opening = { destination, repositoryPath: folder, password: fixture.password };
    expect(await read(fixture.password, { timeoutMilliseconds: 30 })).toMatchObject({ reason: 'Timeout' });
    // On a busy machine a caller may give up before anything was begun.
    const askAgain = async () => {
      await read(fixture.password, { timeoutMilliseconds: 30 });
      return cache.masterKey(opening);
    };
    await expect.poll(askAgain, { timeout: 30_000 }).toBeDefined();
    expect(await read(fixture.password)).toEqual({ kind: 'empty' });
  });
});
