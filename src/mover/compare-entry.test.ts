import { describe, expect, it } from 'vitest';
import { compareEntry } from './compare-entry.ts';
import type { SnapshotEntry } from './snapshot-entry.ts';
import type { VolumeEntry } from './volume-entry.ts';

const acl = Buffer.from('02000000', 'hex');

const stored = (more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  name: Buffer.from('a'),
  type: 'file',
  sizeBytes: 3n,
  uid: 1000,
  gid: 100,
  permissions: 0o640,
  modifiedNanoseconds: 1_000_000_001n,
  device: 0n,
  attributes: new Map([['system.posix_acl_access', acl]]),
  ...more,
});

const there = (more: Partial<VolumeEntry> = {}): VolumeEntry => ({
  type: 'file',
  sizeBytes: 3n,
  uid: 1000,
  gid: 100,
  permissions: 0o640,
  modifiedNanoseconds: 1_000_000_001n,
  inode: 7n,
  links: 1n,
  device: 0n,
  attributes: new Map([['system.posix_acl_access', Buffer.from(acl)]]),
  ...more,
});

describe('compareEntry', () => {
  it('finds nothing where all is the same', () => {
    expect(compareEntry(stored(), there())).toEqual({ attributes: [] });
  });

  it.each<[string, Partial<VolumeEntry>, string]>([
    ['type', { type: 'dir' }, 'a dir in place of a file'],
    ['size', { sizeBytes: 2n }, '2 bytes in place of 3'],
  ])('invariant 11: tells another %s', (_, more, content) => {
    expect(compareEntry(stored(), there(more))).toEqual({ content, attributes: [] });
  });

  it('tells a link that points elsewhere, and bytes that are no UTF-8 apart', () => {
    const link = stored({ type: 'symlink', linkTarget: Buffer.of(0xff) });
    const same = there({ type: 'symlink', linkTarget: Buffer.of(0xff) });
    expect(compareEntry(link, same).content).toBeUndefined();
    expect(compareEntry(link, { ...same, linkTarget: Buffer.of(0xfe) }).content).toBe('it points to something else');
  });

  it('does not ask for the permissions of a link', () => {
    const link = { type: 'symlink', linkTarget: Buffer.from('x') };
    expect(compareEntry(stored({ ...link, permissions: 0o777 }), there({ ...link, permissions: 0o700 }))).toEqual({
      attributes: [],
    });
  });

  it('tells another device', () => {
    const node = stored({ type: 'chardev', device: 259n });
    expect(compareEntry(node, there({ type: 'chardev', device: 260n })).content).toContain('device 260');
  });

  it.each<[string, Partial<VolumeEntry>]>([
    ['owner', { uid: 0 }],
    ['owner', { gid: 0 }],
    ['mode', { permissions: 0o644 }],
    ['mtime', { modifiedNanoseconds: 1_000_000_002n }],
    ['system.posix_acl_access', { attributes: new Map() }],
    ['system.posix_acl_access', { attributes: new Map([['system.posix_acl_access', Buffer.from('x')]]) }],
  ])('tells another %s, to the nanosecond and the byte', (attribute, more) => {
    expect(compareEntry(stored(), there(more))).toEqual({ attributes: [attribute] });
  });

  it('tells an attribute that is there and was not', () => {
    const more = new Map([...there().attributes, ['user.new', Buffer.from('x')] as const]);
    expect(compareEntry(stored(), there({ attributes: more }))).toEqual({ attributes: ['user.new'] });
  });

  it("leaves out the labels of the node's security module, and tells that trusted attributes are gone", () => {
    const attributes = new Map([
      ...stored().attributes,
      ['security.selinux', Buffer.from('one')] as const,
      ['trusted.overlay', Buffer.from('y')] as const,
    ]);
    expect(compareEntry(stored({ attributes }), there())).toEqual({ attributes: ['trusted.overlay'] });
  });
});
