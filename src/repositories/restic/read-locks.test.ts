import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../destinations/destination.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from '../../destinations/outcome.ts';
import { createStoredDestination } from '../../destinations/stored-destination.ts';
import { readLocks } from './read-locks.ts';
import { createRepositoryCache } from './repository-cache.ts';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };
import type { SealKey } from './sealed-box.ts';
import { seal, type SealedFile, sealJson, sealLock } from '#doubles/destinations/seal.ts';

const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const folder = 'shop/db';
const time = Date.UTC(2026, 0, 1);
const storedAt = '2026-01-02T03:04:05.678Z';
const [repository] = fixture.repositories;
if (repository === undefined) throw new Error('the fixture holds no repository');
const key: SealKey = {
  encrypt: Buffer.from(repository.masterKey.encrypt, 'base64'),
  macK: Buffer.from(repository.masterKey.mac.k, 'base64'),
  macR: Buffer.from(repository.masterKey.mac.r, 'base64'),
};

let store: MemoryStore;
let destination: Destination;

beforeEach(() => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  store.objects.set(`${folder}/config`, Buffer.from(repository.config, 'base64'));
  store.objects.set(`${folder}/keys/${repository.keyName}`, Buffer.from(repository.key, 'base64'));
  destination = createStoredDestination(store, { expectedIdentity: identity.id });
});

const read = (password = fixture.password, mustExist = true) =>
  readLocks(
    { destination, repositoryPath: folder, password, cache: createRepositoryCache() },
    { timeoutMilliseconds: 10_000, mustExist },
  );

const put = ({ name, bytes }: SealedFile): string => {
  store.objects.set(`${folder}/locks/${name}`, bytes);
  store.modifiedAt.set(`${folder}/locks/${name}`, storedAt);
  return name;
};

const modifiedMilliseconds = Date.parse(storedAt);
const newLock = (exclusive = true): SealedFile => sealLock(key, { timeMilliseconds: time, exclusive });

describe('readLocks', () => {
  it('costs one listing and the config where there are no locks', async () => {
    expect(await read()).toEqual({ kind: 'read', locks: [] });
    const calls = store.calls.filter((call) => !call.includes('.rebound'));
    expect(calls).toEqual([`LIST ${folder}/locks/`, `GET ${folder}/config`]);
  });

  it('costs one listing where there are no locks, and it does not matter whether the repository is there', async () => {
    expect(await read(fixture.password, false)).toEqual({ kind: 'read', locks: [] });
    expect(store.calls.filter((call) => !call.includes('.rebound'))).toEqual([`LIST ${folder}/locks/`]);
  });

  it('invariant 2: tells nothing of the locks of a repository that is not there', async () => {
    store.objects.delete(`${folder}/config`);
    expect(await read()).toMatchObject({ kind: 'absent' });
  });

  it('reads who holds which lock since when', async () => {
    const [exclusive, shared] = [put(newLock()), put(newLock(false))];
    const reading = await read();
    const common = { timeMilliseconds: time, modifiedMilliseconds, holder: { hostname: 'mover-1', pid: 33 } };
    const expected = [
      { id: exclusive, exclusive: true, ...common },
      { id: shared, exclusive: false, ...common },
    ];
    const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
    expect(reading.kind === 'read' && [...reading.locks].sort(byId)).toEqual(expected.sort(byId));
  });

  it('invariant 15: knows no time of a lock from a store that does not give a usable one', async () => {
    const id = put(newLock());
    store.modifiedAt.set(`${folder}/locks/${id}`, 'yesterday');
    const reading = await read();
    expect(reading).toMatchObject({ locks: [{ id, timeMilliseconds: time }] });
    expect(reading.kind === 'read' && reading.locks[0]?.modifiedMilliseconds).toBeUndefined();
  });

  it.each<[string, () => SealedFile]>([
    ['sealed with another key', () => sealLock(newKey(), { timeMilliseconds: time, exclusive: false })],
    ['that is no JSON', () => ({ ...newLock(), bytes: seal(key, Buffer.from('lock')) })],
    ['that is another record', () => sealJson(key, { time: 'now', exclusive: false })],
    ['whose content was changed', () => ({ ...newLock(false), bytes: newLock(false).bytes })],
  ])('takes a lock %s for an exclusive one, as restic stops before it', async (_, lock) => {
    const id = put(lock());
    expect(await read()).toEqual({ kind: 'read', locks: [{ id, exclusive: true, modifiedMilliseconds }] });
  });

  it('ignores what restic ignores: empty files and other names', async () => {
    put({ name: 'f'.repeat(64), bytes: Buffer.alloc(0) });
    put({ name: 'README', bytes: Buffer.from('x') });
    expect(await read()).toEqual({ kind: 'read', locks: [] });
  });

  it('leaves out a lock that was released in the meantime', async () => {
    const id = put(newLock());
    store.fault = (call) => {
      if (call.startsWith(`GET ${folder}/config`)) store.objects.delete(`${folder}/locks/${id}`);
      return undefined;
    };
    expect(await read()).toEqual({ kind: 'read', locks: [] });
  });

  it.each([/^LIST .*locks/, /^GET .*locks/, /^GET .*config/])(
    'invariant 2: tells nothing of the locks when the store does not answer %s',
    async (call) => {
      put(newLock());
      store.fault = (asked) => (call.test(asked) ? failure('Unreachable', 'no answer') : undefined);
      expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    },
  );

  it('invariant 2: tells nothing of locks that the password does not open', async () => {
    put(newLock());
    expect(await read('wrong')).toMatchObject({ kind: 'unknown', reason: 'WrongPassword' });
  });

  it('invariant 2: tells nothing of the locks of a repository whose config is gone', async () => {
    put(newLock());
    for (const part of ['config', `keys/${repository.keyName}`]) store.objects.delete(`${folder}/${part}`);
    expect(await read()).toMatchObject({ kind: 'unknown', reason: 'Damaged' });
  });
});

const newKey = (): SealKey => ({ encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) });
