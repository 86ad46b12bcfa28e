import { describe, expect, it } from 'vitest';
import { listClusters, readClusterRecord, writeClusterRecord } from './cluster-record.ts';
import { createMemoryStore } from '#doubles/destinations/memory-store.ts';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { failure } from './outcome.ts';
import { createStoredDestination } from './stored-destination.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const options = { timeoutMilliseconds: 1_000 };

function opened() {
  const store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(newDestinationIdentity(ID, new Date(0))));
  return { store, destination: createStoredDestination(store, { expectedIdentity: ID }) };
}

const record = { version: 1, clusterUid: 'cluster-a', leader: 'one', writtenAt: '2030-01-01T00:00:00Z' } as const;

describe("a cluster's sign of life", () => {
  it('is read as it was written', async () => {
    const { destination } = opened();
    expect((await writeClusterRecord(destination, record, options)).ok).toBe(true);
    expect(await readClusterRecord(destination, 'cluster-a', options)).toEqual({ ok: true, value: record });
  });

  it('counts as none when it cannot be understood: it is written anew every few minutes', async () => {
    const { store, destination } = opened();
    store.objects.set('.rebound/clusters/cluster-a.json', new TextEncoder().encode('{'));
    expect(await readClusterRecord(destination, 'cluster-a', options)).toEqual({ ok: true, value: undefined });
  });

  it('is timed by the store, not by whoever wrote it', async () => {
    const { store, destination } = opened();
    await writeClusterRecord(destination, record, options);
    store.modifiedAt.set('.rebound/clusters/cluster-a.json', '2031-05-06T07:08:09Z');
    const heard = await listClusters(destination, options);
    expect(heard.ok ? [...heard.value] : heard).toEqual([['cluster-a', Date.UTC(2031, 4, 6, 7, 8, 9)]]);
  });

  it('is unknown where the store does not answer', async () => {
    const { store, destination } = opened();
    store.fault = () => failure('Unreachable', 'refused');
    expect((await listClusters(destination, options)).ok).toBe(false);
    expect((await readClusterRecord(destination, 'cluster-a', options)).ok).toBe(false);
  });
});
