import { beforeEach, describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from '../../destinations/outcome.ts';
import { createStoredDestination } from '../../destinations/stored-destination.ts';
import { mendKeys } from './mend-keys.ts';
import { readRepository } from './read-repository.ts';
import { createRepositoryCache } from './repository-cache.ts';
import { type RepositoryGenesis, repositoryGenesis } from './repository-genesis.ts';

const IDENTITY = '00000000-0000-4000-8000-000000000001';
const repositoryPath = 'shop/data';
const password = 'correct horse';
const limits = { timeoutMilliseconds: 20_000 };

let store: MemoryStore;
let ours: RepositoryGenesis;
let others: RepositoryGenesis;

const put = (path: string, bytes: Uint8Array): unknown => store.objects.set(`${repositoryPath}/${path}`, bytes);
const keyPath = ({ key }: RepositoryGenesis): string => `keys/${key.id}`;
const has = (path: string): boolean => store.objects.has(`${repositoryPath}/${path}`);
const destination = () => createStoredDestination(store, { expectedIdentity: IDENTITY });
const mend = () => mendKeys({ destination: destination(), repositoryPath, password }, limits);
const read = () =>
  readRepository(destination(), repositoryPath, password, { ...limits, cache: createRepositoryCache() });

beforeEach(async () => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(newDestinationIdentity(IDENTITY, new Date(0))));
  const origin = { repositoryPath, password };
  [ours, others] = [
    await repositoryGenesis({ ...origin, destinationId: 'one' }),
    await repositoryGenesis({ ...origin, destinationId: 'other' }),
  ];
});

/** Two initialised it at once: both keys are there, and the config of the one that came last. */
function initialiseTwice(): void {
  put(keyPath(ours), ours.key.bytes);
  put(keyPath(others), others.key.bytes);
  put('config', others.config);
}

describe('a repository that two programs have initialised at once', () => {
  it('reads as what its config says, whichever of the keys is listed first', async () => {
    initialiseTwice();
    expect(await read()).toEqual({ kind: 'empty' });
    put('config', ours.config);
    expect(await read()).toEqual({ kind: 'empty' });
  });

  it('loses the key that does not open its config, after a copy was made', async () => {
    initialiseTwice();
    expect(await mend()).toEqual({ ok: true, value: [ours.key.id] });
    expect(has(keyPath(ours))).toBe(false);
    expect(has(keyPath(others))).toBe(true);
    expect(store.objects.get(`.rebound/removed-keys/${repositoryPath}/${ours.key.id}`)).toEqual(ours.key.bytes);
    expect(await mend()).toEqual({ ok: true, value: [] });
  });

  it('keeps the key while its copy can not be made', async () => {
    initialiseTwice();
    store.fault = (call) => (call.startsWith('PUT') ? failure('AccessDenied', 'no') : undefined);
    expect(await mend()).toMatchObject({ ok: false, reason: 'AccessDenied' });
    expect(has(keyPath(ours))).toBe(true);
  });

  it('keeps every key where none opens the config, and keys of other passwords', async () => {
    put(keyPath(ours), ours.key.bytes);
    put(keyPath(others), others.key.bytes);
    put('config', new Uint8Array(100));
    expect(await mend()).toEqual({ ok: true, value: [] });
    const stranger = await repositoryGenesis({ destinationId: 'one', repositoryPath, password: 'wrong horse' });
    store.objects.delete(`${repositoryPath}/${keyPath(others)}`);
    put(keyPath(stranger), stranger.key.bytes);
    put('config', ours.config);
    expect(await mend()).toEqual({ ok: true, value: [] });
    expect(has(keyPath(stranger))).toBe(true);
  });
});
