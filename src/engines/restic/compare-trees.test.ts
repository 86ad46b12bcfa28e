import { createHash, randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../destinations/destination.ts';
import { encodeIdentity, newDestinationIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from '../../destinations/memory-store.ts';
import { failure } from '../../destinations/outcome.ts';
import { createStoredDestination } from '../../destinations/stored-destination.ts';
import { type ComparisonLimits, compareTrees } from './compare-trees.ts';
import { createRepositoryCache } from './repository-cache.ts';
import type { SealKey } from './sealed-box.ts';
import type { Snapshot } from './snapshot.ts';
import { seal, sealJson } from './testing/seal.ts';

const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const folder = 'shop/db';
const key: SealKey = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let store: MemoryStore;
let destination: Destination;

beforeEach(() => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  destination = createStoredDestination(store, { expectedIdentity: identity.id });
});

interface Node {
  readonly name: string;
  readonly type: string;
  readonly subtree?: string;
}

const file = (name: string): Node => ({ name, type: 'file' });
const directory = (name: string, ...nodes: readonly Node[]): Node => ({ name, type: 'dir', subtree: putTree(nodes) });

/** Stores a tree behind some other bytes in its pack, compressed or not, and returns its id. */
function putTree(nodes: readonly Node[]): string {
  const json = Buffer.from(JSON.stringify({ nodes }));
  const isCompressed = json.length % 2 === 0;
  const blob = seal(key, isCompressed ? zstdCompressSync(json) : json);
  const pack = Buffer.concat([randomBytes(7), blob, randomBytes(5)]);
  const packId = sha256(pack);
  store.objects.set(`${folder}/data/${packId.slice(0, 2)}/${packId}`, pack);
  const place = { type: 'tree', offset: 7, length: blob.length };
  const id = sha256(json);
  const uncompressed = isCompressed ? { uncompressed_length: json.length } : {};
  const data = { id: 'd'.repeat(64), type: 'data', offset: 0, length: 7 };
  const index = sealJson(key, { packs: [{ id: packId, blobs: [data, { id, ...place, ...uncompressed }] }] });
  store.objects.set(`${folder}/index/${index.name}`, index.bytes);
  return id;
}

let snapshots = 0;
function snapshotOf(...nodes: readonly Node[]): Snapshot {
  snapshots += 1;
  const id = snapshots.toString(16).padStart(64, '0');
  const time = '2026-01-01T00:00:00Z';
  const tree = { treeId: putTree(nodes), hostname: 'volsync', paths: ['/data'], tags: [] };
  return { id, shortId: id.slice(0, 8), time, timeMilliseconds: Date.parse(time), ...tree };
}

async function compare(older: Snapshot, newer: Snapshot, limits: Partial<ComparisonLimits> = {}) {
  const cache = { ...createRepositoryCache(), masterKey: () => key };
  const access = { destination, repositoryPath: folder, password: 'pw', cache };
  return await compareTrees(access, { older, newer }, { timeoutMilliseconds: 10_000, ...limits });
}

describe('compareTrees', () => {
  it('finds nothing lacking where files were added and changed', async () => {
    const older = snapshotOf(file('a'), directory('d', file('b'), directory('e')));
    const newer = snapshotOf(file('a'), directory('d', file('b'), directory('e', file('c')), file('f')), file('g'));
    expect(await compare(older, newer)).toEqual({ kind: 'lacksNothing' });
  });

  it.each([
    ['a file', () => snapshotOf(directory('d', directory('e', file('c')))), 'd/e/b'],
    ['a directory', () => snapshotOf(directory('d')), 'd/e'],
    ['what was in a directory that became a file', () => snapshotOf(directory('d', file('e'))), 'd/e'],
  ])('invariant 11: names what the newer one lacks: %s', async (_, newer, path) => {
    const older = snapshotOf(directory('d', directory('e', file('b'), file('c'))));
    expect(await compare(older, newer())).toEqual({ kind: 'lacksSome', path });
  });

  it('does not look into directories of the same content', async () => {
    const same = directory('same', directory('deep', file('x')));
    const older = snapshotOf(same, directory('d', file('a')));
    const newer = snapshotOf(same, directory('d', file('a'), file('b')));
    expect(await compare(older, newer)).toEqual({ kind: 'lacksNothing' });
    expect(store.calls.filter((call) => call.includes('/data/'))).toHaveLength(4);
    store.calls.length = 0;
    expect(await compare(older, { ...newer, treeId: older.treeId })).toEqual({ kind: 'lacksNothing' });
    expect(store.calls).toEqual([]);
  });

  it.each<[string, Partial<ComparisonLimits>]>([
    ['bytes', { maximumBytes: 500 }],
    ['entries', { maximumNodes: 3 }],
  ])('invariant 2: does not know beyond its limit of %s', async (_, limits) => {
    const older = snapshotOf(file('a'), directory('d', file('b'), file('c')));
    const newer = snapshotOf(file('a'), directory('d', file('b'), file('c'), file('e')));
    expect(await compare(older, newer, limits)).toMatchObject({ kind: 'unknown' });
  });

  it('invariant 2: does not know where a tree is gone, damaged or in no index', async () => {
    const older = snapshotOf(file('a'));
    const newer = snapshotOf(file('a'), file('b'));
    const packs = [...store.objects].filter(([name]) => name.includes('/data/'));
    for (const [name, bytes] of packs) store.objects.set(name, Buffer.alloc(bytes.length));
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
    for (const [name] of packs) store.objects.delete(name);
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
    for (const name of store.objects.keys()) if (name.includes('/index/')) store.objects.delete(name);
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
  });

  it('says so where the store does not answer, so that it is asked again', async () => {
    const older = snapshotOf(file('a'));
    const newer = snapshotOf(file('a'), file('b'));
    for (const part of ['/index/', '/data/']) {
      store.fault = (call) => (call.includes(part) ? failure('Unreachable', 'no answer') : undefined);
      expect(await compare(older, newer)).toMatchObject({ kind: 'failed', reason: 'Unreachable' });
    }
  });
});
