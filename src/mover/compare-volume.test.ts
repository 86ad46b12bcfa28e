import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../destinations/outcome.ts';
import { openSnapshotTree } from '../repositories/restic/snapshot-tree.ts';
import { type StoredNode, TreeRepository } from '#doubles/destinations/tree-repository.ts';
import { compareVolume } from './compare-volume.ts';
import type { Libc } from './libc.ts';

const step = () => ({ timeoutMilliseconds: 5_000 });
const unused = (): never => {
  throw new Error('a comparison changes nothing');
};
const withoutAttributes: Libc = {
  listAttributes: () => [],
  attribute: () => undefined,
  setAttribute: unused,
  removeAttribute: unused,
  setModifiedTime: unused,
  flush: unused,
};

let volume: string;
let repository: TreeRepository;

beforeEach(() => {
  volume = mkdtempSync(join(tmpdir(), 'rebound-volume-'));
  repository = new TreeRepository();
});

afterEach(() => rmSync(volume, { recursive: true }));

/** What restic would store of an entry of the volume. */
function stored(path: string, more: Partial<StoredNode> = {}): StoredNode {
  const { uid, gid, mode, mtimeMs, size, nlink, ino } = lstatSync(join(volume, path));
  const name = path.split('/').at(-1) ?? '';
  const mtime = new Date(mtimeMs).toISOString();
  const common = { name, uid, gid, mode: mode & 0o777, mtime, links: nlink, inode: ino, device_id: 1 };
  return { ...common, type: 'file', size, ...more };
}

function write(path: string, content: string): void {
  writeFileSync(join(volume, path), content);
  utimesSync(join(volume, path), 1_000, 1_000);
}

function folder(path: string): void {
  mkdirSync(join(volume, path));
}

const directory = (path: string, nodes: readonly StoredNode[]): StoredNode => {
  utimesSync(join(volume, path), 1_000, 1_000);
  const { size: _size, ...node } = stored(path, { type: 'dir' });
  return repository.directory(node.name, nodes, node);
};

async function compare(nodes: readonly StoredNode[]) {
  const { id } = repository.addSnapshot(nodes);
  const tree = await openSnapshotTree(repository.access, id, step);
  if (!tree.ok) throw new Error(tree.stop.message);
  const compared = await compareVolume(withoutAttributes, tree.value, volume);
  return compared.ok ? compared.value.record(id, 'unknown') : compared.stop;
}

describe('compareVolume', () => {
  it('finds nothing where the volume is what the snapshot is, however deep', async () => {
    folder('d');
    folder('d/e');
    write('a', 'abc');
    write('d/e/b', 'de');
    const nodes = [stored('a'), directory('d', [directory('d/e', [stored('d/e/b')])])];
    expect(await compare(nodes)).toMatchObject({
      entries: 4,
      sizeBytes: 5,
      missing: { count: 0 },
      added: { count: 0 },
      differing: { count: 0 },
      attributesNotRestored: [],
    });
  });

  it('invariant 11: names what is missing, added and of another size, at any depth', async () => {
    folder('d');
    write('d/gone', 'x');
    write('d/short', 'abc');
    const nodes = [directory('d', [stored('d/gone'), stored('d/short')])];
    unlinkSync(join(volume, 'd/gone'));
    write('d/short', 'ab');
    write('d/new', '');
    utimesSync(join(volume, 'd'), 1_000, 1_000);
    expect(await compare(nodes)).toMatchObject({
      missing: { count: 1, first: ['d/gone'] },
      added: { count: 1, first: ['d/new'] },
      differing: { count: 1, first: ['d/short: 2 bytes in place of 3'] },
    });
  });

  it('invariant 11: tells names apart that differ in bytes that are no UTF-8', async () => {
    const bad = Buffer.concat([Buffer.from(`${volume}/n`), Buffer.of(0xfe)]);
    writeFileSync(bad, '');
    expect(await compare([{ name: 'n\\xff', type: 'file' }])).toMatchObject({
      missing: { count: 1 },
      added: { count: 1 },
    });
    expect(await compare([{ name: 'n\\xfe', type: 'file' }])).toMatchObject({
      missing: { count: 0 },
      added: { count: 0 },
    });
  });

  it('tells a hard link that is a file of its own now', async () => {
    write('a', 'abc');
    linkSync(join(volume, 'a'), join(volume, 'b'));
    const nodes = [stored('a'), stored('b')];
    expect(await compare(nodes)).toMatchObject({ attributesNotRestored: [] });
    unlinkSync(join(volume, 'b'));
    write('b', 'abc');
    expect(await compare(nodes)).toMatchObject({
      attributesNotRestored: [{ attribute: 'hard link', count: 1, first: ['b'] }],
    });
  });

  it('leaves out what a file system makes itself at the top, and nowhere else', async () => {
    folder('lost+found');
    expect(await compare([])).toMatchObject({ added: { count: 0 } });
    folder('d');
    folder('d/lost+found');
    expect(await compare([directory('d', [])])).toMatchObject({ added: { count: 1, first: ['d/lost+found'] } });
  });

  it('invariants 2 and 11: says nothing of the volume where a directory of the snapshot cannot be read', async () => {
    folder('d');
    const nodes = [directory('d', [])];
    repository.store.fault = (call) => (call.includes('/data/') ? failure('Unreachable', 'no answer') : undefined);
    expect(await compare(nodes)).toMatchObject({ kind: 'failed', message: 'no answer' });
  });

  it('does not take a name that it cannot read for one that is there', async () => {
    expect(await compare([{ name: '\\q', type: 'file' }])).toMatchObject({ kind: 'unknown' });
  });
});
