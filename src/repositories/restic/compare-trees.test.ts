import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../destinations/outcome.ts';
import { type ComparisonLimits, compareTrees } from './compare-trees.ts';
import type { Snapshot } from './snapshot.ts';
import { type StoredNode, TreeRepository } from '#doubles/destinations/tree-repository.ts';

let repository: TreeRepository;

beforeEach(() => {
  repository = new TreeRepository();
});

const file = (name: string): StoredNode => ({ name, type: 'file' });
const directory = (name: string, ...nodes: readonly StoredNode[]): StoredNode => repository.directory(name, nodes);
const snapshotOf = (...nodes: readonly StoredNode[]): Snapshot => repository.addSnapshot(nodes);

async function compare(older: Snapshot, newer: Snapshot, limits: Partial<ComparisonLimits> = {}) {
  return await compareTrees(repository.access, { older, newer }, { timeoutMilliseconds: 10_000, ...limits });
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
    expect(repository.store.calls.filter((call) => call.includes('/data/'))).toHaveLength(4);
    repository.store.calls.length = 0;
    expect(await compare(older, { ...newer, treeId: older.treeId })).toEqual({ kind: 'lacksNothing' });
    expect(repository.store.calls).toEqual([]);
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
    const packs = [...repository.store.objects].filter(([name]) => name.includes('/data/'));
    for (const [name, bytes] of packs) repository.store.objects.set(name, Buffer.alloc(bytes.length));
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
    for (const [name] of packs) repository.store.objects.delete(name);
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
    for (const name of repository.store.objects.keys())
      if (name.includes('/index/')) repository.store.objects.delete(name);
    expect(await compare(older, newer)).toMatchObject({ kind: 'unknown' });
  });

  it('says so where the store does not answer, so that it is asked again', async () => {
    const older = snapshotOf(file('a'));
    const newer = snapshotOf(file('a'), file('b'));
    for (const part of ['/index/', '/data/']) {
      repository.store.fault = (call) => (call.includes(part) ? failure('Unreachable', 'no answer') : undefined);
      expect(await compare(older, newer)).toMatchObject({ kind: 'failed', reason: 'Unreachable' });
    }
  });
});
