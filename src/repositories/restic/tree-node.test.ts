import { describe, expect, it } from 'vitest';
import { parseTreeJson, permissionsOf, treeBlob } from './tree-node.ts';

describe('permissionsOf', () => {
  it.each([
    [0o644, 0o644],
    // A directory (1 << 31), as Go's os.FileMode has it.
    [0x8000_01ed, 0o755],
    [(1 << 23) | 0o755, 0o4755],
    [(1 << 22) | 0o770, 0o2770],
    [(1 << 20) | 0o777, 0o1777],
    [0x0820_01ff, 0o777],
  ])('turns mode %i of restic into %i', (stored, permissions) => {
    expect(permissionsOf(stored)).toBe(permissions);
  });
});

describe('parseTreeJson', () => {
  it('keeps numbers of files that JavaScript cannot hold apart', () => {
    const node = (inode: string): string => `{"name":"a","type":"file","inode":${inode},"device_id":3}`;
    const text = `{"nodes":[${node('18446744073709551614')},${node('18446744073709551615')},${node('7')}]}`;
    const inodes = treeBlob.parse(parseTreeJson(text)).nodes?.map(({ inode }) => inode);
    expect(inodes).toEqual(['18446744073709551614', '18446744073709551615', 7]);
  });

  it('leaves names alone that look like a field', () => {
    const name = '"inode":12345678901234567890';
    const text = JSON.stringify({ nodes: [{ name, type: 'file' }] });
    expect(treeBlob.parse(parseTreeJson(text)).nodes?.[0]?.name).toBe(name);
  });
});
