import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { failure } from '../../destinations/outcome.ts';
import { createStoredDestination } from '../../destinations/stored-destination.ts';
import { initializeRepository } from './initialize-repository.ts';
import { readRepository } from './read-repository.ts';
import { createRepositoryCache } from './repository-cache.ts';
import { repositoryGenesis } from './repository-genesis.ts';

const IDENTITY = '00000000-0000-4000-8000-000000000001';
const OTHER_IDENTITY = '00000000-0000-4000-8000-000000000002';
const repositoryPath = 'shop/data';
const password = 'correct horse';
const limits = { timeoutMilliseconds: 10_000 };

let store: MemoryStore;
beforeEach(() => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(newDestinationIdentity(IDENTITY, new Date(0))));
});

const destination = (expectedIdentity = IDENTITY) => createStoredDestination(store, { expectedIdentity });

const initialize = (expectedIdentity?: string) =>
  initializeRepository({ destination: destination(expectedIdentity), repositoryPath, password }, limits);

const read = () =>
  readRepository(destination(), repositoryPath, password, { ...limits, cache: createRepositoryCache() });

const written = (): string[] => [...store.objects.keys()].filter((key) => key !== IDENTITY_KEY).sort();

describe('repositoryGenesis', () => {
  it('is the same for everybody, and another for every path, password and destination', async () => {
    const origin = { destinationId: IDENTITY, repositoryPath, password };
    const first = await repositoryGenesis(origin);
    expect(await repositoryGenesis(origin)).toEqual(first);
    const others = [
      { ...origin, destinationId: OTHER_IDENTITY },
      { ...origin, repositoryPath: 'shop/data-2' },
      { ...origin, password: 'wrong horse' },
    ];
    const geneses = await Promise.all(others.map(repositoryGenesis));
    const configs = [first, ...geneses].map(({ config }) => config.toString('hex'));
    const keys = [first, ...geneses].map(({ key }) => key.id);
    expect(new Set(configs).size).toBe(4);
    expect(new Set(keys).size).toBe(4);
  });

  it('never changes: what an earlier release has begun, a later one ends', async () => {
    const { config, key } = await repositoryGenesis({ destinationId: IDENTITY, repositoryPath, password });
    expect(createHash('sha256').update(config).update(key.bytes).digest('hex')).toBe(
      '1866d537f9b0c895a849810fbc41138b17c038cef325c0e5c89456261c6b589d',
    );
  });
});

describe('initializeRepository', () => {
  it('makes a repository that reads as empty, once', async () => {
    expect(await initialize()).toEqual({ ok: true, value: 'made' });
    expect(await read()).toEqual({ kind: 'empty' });
    const before = new Map(store.objects);
    expect(await initialize()).toEqual({ ok: true, value: 'found' });
    expect(store.objects).toEqual(before);
  });

  it('invariant 12: several at once, in whatever order, make one repository', async () => {
    await Promise.all(Array.from({ length: 5 }, () => initialize()));
    expect(written()).toHaveLength(2);
    expect(await read()).toEqual({ kind: 'empty' });
  });

  it.each([1, 2])('goes on where a process died after %d of its writes', async (writes) => {
    let left = writes;
    store.fault = (call) => {
      if (!call.startsWith('PUT')) return undefined;
      left -= 1;
      return left < 0 ? failure('Unreachable', 'gone') : undefined;
    };
    await initialize();
    store.fault = undefined;
    await initialize();
    expect(written()).toHaveLength(2);
    expect(await read()).toEqual({ kind: 'empty' });
  });

  it.each(['config', `keys/${'a'.repeat(64)}`, `snapshots/${'b'.repeat(64)}`])(
    'leaves a repository alone of which there is %s',
    async (file) => {
      store.objects.set(`${repositoryPath}/${file}`, new Uint8Array([1]));
      expect(await initialize()).toEqual({ ok: true, value: 'found' });
      expect(written()).toEqual([`${repositoryPath}/${file}`]);
    },
  );

  it('takes its key away again where another program has replaced the config meanwhile', async () => {
    let puts = 0;
    store.fault = (call) => {
      if (call.startsWith('PUT')) puts += 1;
      if (puts === 2) store.objects.set(`${repositoryPath}/config`, new Uint8Array([1]));
      return undefined;
    };
    expect(await initialize()).toEqual({ ok: true, value: 'found' });
    const { key } = await repositoryGenesis({ destinationId: IDENTITY, repositoryPath, password });
    expect(written()).toEqual([`.rebound/removed-keys/${repositoryPath}/${key.id}`, `${repositoryPath}/config`]);
  });

  it('invariant 12: writes nothing into a store of another identity', async () => {
    expect(await initialize(OTHER_IDENTITY)).toMatchObject({ ok: false, reason: 'WrongIdentity' });
    expect(written()).toEqual([]);
  });

  it.each(['LIST', 'GET'])('invariant 2: writes nothing while a %s is not answered', async (verb) => {
    store.fault = (call) => (call.startsWith(`${verb} ${repositoryPath}`) ? failure('Timeout', 'late') : undefined);
    expect(await initialize()).toMatchObject({ ok: false, reason: 'Timeout' });
    expect(written()).toEqual([]);
  });
});
