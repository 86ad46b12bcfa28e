import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../destinations/outcome.ts';
import type { TreeEntry } from '../../domain/tree-survey.ts';
import type { Snapshot } from './snapshot.ts';
import { type StoredNode, TreeRepository } from '#doubles/destinations/tree-repository.ts';
import { type WalkLimits, walkTree } from './walk-tree.ts';

let repository: TreeRepository;

beforeEach(() => {
  repository = new TreeRepository();
});

const file = (name: string): StoredNode => ({ name, type: 'file', uid: 1000, gid: 100 });
const files = (count: number, prefix = 'file'): StoredNode[] =>
  Array.from({ length: count }, (_, n) => file(`${prefix}-${n}`));

async function walk({ id }: Pick<Snapshot, 'id'>, limits: Partial<WalkLimits> = {}) {
  const entries: TreeEntry[] = [];
  const note = (entry: TreeEntry): void => void entries.push(entry);
  const end = await walkTree(repository.access, id, note, { timeoutMilliseconds: 10_000, ...limits });
  return { end, entries, paths: entries.map(({ path }) => path) };
}

describe('walkTree', () => {
  it('shows all that is in a snapshot, with owners, types and names of attributes', async () => {
    const acl = { name: 'system.posix_acl_access', value: 'AgAAAA==' };
    const deep = repository.directory('deep', [{ name: 'null', type: 'chardev' }]);
    const top = [
      { ...file('a'), extended_attributes: [acl] },
      repository.directory('d', [deep, file('b')], { uid: 7 }),
    ];
    const { end, entries } = await walk(repository.addSnapshot(top));
    expect(end).toEqual({ kind: 'walked', whole: true });
    expect(entries).toEqual([
      { path: 'a', type: 'file', uid: 1000, gid: 100, attributes: ['system.posix_acl_access'] },
      { path: 'd', type: 'dir', uid: 7, gid: 0, attributes: [] },
      { path: 'd/deep', type: 'dir', uid: 0, gid: 0, attributes: [] },
      { path: 'd/b', type: 'file', uid: 1000, gid: 100, attributes: [] },
      { path: 'd/deep/null', type: 'chardev', uid: 0, gid: 0, attributes: [] },
    ]);
  });

  it('walks an empty snapshot', async () => {
    expect(await walk(repository.addSnapshot([]))).toMatchObject({ end: { kind: 'walked', whole: true }, entries: [] });
  });

  it('invariant 2: beyond so many entries it is not whole, though they lie in one directory', async () => {
    const snapshot = repository.addSnapshot([repository.directory('d', files(30))]);
    const { end, paths } = await walk(snapshot, { maximumNodes: 10 });
    expect(end).toEqual({ kind: 'walked', whole: false });
    expect(paths).toHaveLength(10);
    expect(await walk(snapshot, { maximumNodes: 31 })).toMatchObject({ end: { kind: 'walked', whole: true } });
    const exactly = repository.addSnapshot([...files(9), repository.directory('e', files(1))]);
    expect(await walk(exactly, { maximumNodes: 10 })).toMatchObject({ end: { kind: 'walked', whole: false } });
  });

  it('invariant 2: beyond so many bytes it is not whole', async () => {
    const snapshot = repository.addSnapshot([repository.directory('d', files(500)), file('seen')]);
    const { end, paths } = await walk(snapshot, { maximumBytes: 8_000 });
    expect(end).toEqual({ kind: 'walked', whole: false });
    expect(paths).toEqual(['d', 'seen']);
  });

  it('reads the newest index files, if not all may be read', async () => {
    const old = repository.directory('old', files(3, 'old'));
    for (let n = 0; n < 40; n += 1) repository.addSnapshot(files(2, `${n}`));
    const { end, paths } = await walk(repository.addSnapshot([old, repository.directory('new', files(3))]), {
      maximumBytes: 8_000,
    });
    expect(end).toEqual({ kind: 'walked', whole: false });
    expect(paths).toEqual(['old', 'new', 'new/file-0', 'new/file-1', 'new/file-2']);
  });

  it('invariant 2: does not know where no index file may be read', async () => {
    const snapshot = repository.addSnapshot(files(2));
    expect(await walk(snapshot, { maximumBytes: 100 })).toMatchObject({ end: { kind: 'unknown' }, entries: [] });
  });

  it('invariant 2: is not whole where a part is damaged, and unknown where the top is, or the snapshot', async () => {
    const snapshot = repository.addSnapshot([repository.directory('d', files(3)), file('a')]);
    const [first, second] = [...repository.store.objects].filter(([name]) => name.includes('/data/'));
    const damage = (one: typeof first): void => void repository.store.objects.set(one?.[0] ?? '', Buffer.alloc(500));
    damage(first);
    expect(await walk(snapshot)).toMatchObject({ end: { kind: 'walked', whole: false }, paths: ['d', 'a'] });
    damage(second);
    expect(await walk(snapshot)).toMatchObject({ end: { kind: 'unknown' }, paths: [] });
    expect(await walk({ id: 'f'.repeat(64) })).toMatchObject({ end: { kind: 'unknown' } });
  });

  it.each(['/snapshots/', '/index/', '/data/'])('asks again where the store does not answer for %s', async (part) => {
    const snapshot = repository.addSnapshot([repository.directory('d', files(3))]);
    repository.store.fault = (call) => (call.includes(part) ? failure('Unreachable', 'no answer') : undefined);
    expect(await walk(snapshot)).toMatchObject({ end: { kind: 'failed', reason: 'Unreachable' } });
  });
});
