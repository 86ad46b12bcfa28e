import { beforeEach, describe, expect, it } from 'vitest';
import { type BackupDestination, backupDestination } from '../api/backup-destination.ts';
import type { OpenedStore, Unopened } from './catalog.ts';
import { type ElsewhereSources, probeElsewhere } from './elsewhere.ts';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from './outcome.ts';
import { createStoredDestination } from './stored-destination.ts';

const limits = { timeoutMilliseconds: 1_000 };
const claim = { namespace: 'shop', claim: 'db' };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const settings = { region: 'r', bucket: 'b', prefix: '', forcePathStyle: true, accessKeyId: 'a', secretAccessKey: 's' };
const snapshotKey = `shop/db/snapshots/${'a'.repeat(64)}`;
const record = {
  version: 1,
  ...claim,
  claimUid: 'u',
  policy: 'hourly',
  lastGoodBackup: {
    snapshotId: 'ab'.repeat(32),
    time: '2030-01-01T00:00:00Z',
    sizeBytes: 1,
    files: 1,
    directories: 1,
  },
  recordedAt: '2030-01-01T00:00:00Z',
};

let objects: Map<string, BackupDestination | undefined>;
let stores: Map<string, MemoryStore>;
let unopened: Map<string, Unopened>;

const open = (name: string): OpenedStore | Unopened => {
  const refused = unopened.get(name);
  const store = stores.get(name);
  if (refused !== undefined) return refused;
  if (store === undefined) throw new Error(`destination ${name} was opened`);
  return {
    ok: true,
    destination: createStoredDestination(store, { expectedIdentity: identity.id }),
    settings,
    expectedIdentity: identity.id,
  };
};

function add(name: string, spec: object = {}, status: object = { identity: identity.id }): MemoryStore {
  const store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  stores.set(name, store);
  const s3 = { bucket: 'backups', credentialsSecretName: 'keys' };
  const common = { apiVersion: 'rebound.dev/v1alpha1', kind: 'BackupDestination', metadata: { name }, status };
  objects.set(
    name,
    backupDestination.parse({ ...common, spec: { s3, repositoryPasswordSecretName: 'master', ...spec } }),
  );
  return store;
}

const probe = (changes: Partial<ElsewhereSources> = {}) => {
  const destinations = () => [...objects].map(([key, current]) => ({ key, current }));
  return probeElsewhere({ destinations, openStore: open, ...changes }, { claim, own: 'own' }, limits);
};

beforeEach(() => {
  objects = new Map();
  stores = new Map();
  unopened = new Map();
  add('own');
});

describe('probeElsewhere', () => {
  it('asks nobody where there is no other destination', async () => {
    expect(await probe()).toEqual([]);
    expect(stores.get('own')?.calls).toEqual([]);
  });

  it('asks every other destination for snapshots and ledger', async () => {
    const b = add('b');
    add('a').objects.set(snapshotKey, Buffer.from('x'));
    expect(await probe()).toEqual([
      { kind: 'exists', destination: 'a', lastGoodBackupTime: undefined, foreignOwnerAlive: false },
      { kind: 'none', destination: 'b' },
    ]);
    expect(b.calls.toSorted()).toEqual([
      'GET .rebound/claims/shop/db.json',
      `GET ${IDENTITY_KEY}`,
      'LIST shop/db/snapshots/',
    ]);
  });

  it('asks one whose identity is only pinned, and not one that never had any or is not to be consulted', async () => {
    add('pinned', { identity: identity.id }, {});
    add('never', {}, {});
    add('archive', { consulted: false });
    expect(await probe()).toEqual([{ kind: 'none', destination: 'pinned' }]);
  });

  it('tells when the last good backup there was, and whether a living cluster owns it', async () => {
    const store = add('a');
    store.objects.set(snapshotKey, Buffer.from('x'));
    store.objects.set('.rebound/claims/shop/db.json', Buffer.from(JSON.stringify(record)));
    const answer = { kind: 'exists', destination: 'a', lastGoodBackupTime: '2030-01-01T00:00:00Z' };
    expect(await probe()).toEqual([{ ...answer, foreignOwnerAlive: false }]);
    const isForeignOwnerAlive: ElsewhereSources['isForeignOwnerAlive'] = ({ claimUid }) => claimUid === 'u';
    expect(await probe({ isForeignOwnerAlive })).toEqual([{ ...answer, foreignOwnerAlive: true }]);
  });

  it.each(['LIST ', 'GET .rebound/claims/', `GET ${IDENTITY_KEY}`])(
    'invariant 2: is unknown when %s is not answered',
    async (call) => {
      add('a').fault = (present) => (present.startsWith(call) ? failure('Timeout', 'no answer') : undefined);
      expect(await probe()).toMatchObject([{ kind: 'unknown', destination: 'a', reason: 'Timeout' }]);
    },
  );

  it('invariant 2: is unknown when the ledger remembers what the repository does not hold', async () => {
    add('a').objects.set('.rebound/claims/shop/db.json', Buffer.from(JSON.stringify(record)));
    expect(await probe()).toMatchObject([{ kind: 'unknown', reason: 'BackupVanished' }]);
  });

  it('invariant 2: is unknown when the destination cannot be opened or read', async () => {
    add('a');
    unopened.set('a', { ok: false, reason: 'SecretMissing', message: 'Secret keys does not exist.' });
    objects.set('b', undefined);
    unopened.set('b', { ok: false, reason: 'DestinationInvalid', message: 'b exists but cannot be read' });
    expect(await probe()).toMatchObject([
      { kind: 'unknown', destination: 'a', reason: 'SecretMissing' },
      { kind: 'unknown', destination: 'b', reason: 'DestinationInvalid' },
    ]);
  });

  it('leaves out one of a type that is not supported', async () => {
    add('a', { s3: undefined, nfs: { server: 'nas', path: '/x' } });
    unopened.set('a', { ok: false, reason: 'DestinationUnsupported', message: 'a is not of type s3' });
    expect(await probe()).toEqual([]);
  });
});
