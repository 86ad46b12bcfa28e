import { describe, expect, it } from 'vitest';
import { treeNode, type TreeNode } from '../repositories/restic/tree-node.ts';
import { nanosecondsOf, snapshotEntry } from './snapshot-entry.ts';

const node = (more: object = {}): TreeNode => treeNode.parse({ name: 'a', type: 'file', ...more });

describe('nanosecondsOf', () => {
  it.each([
    ['1970-01-01T00:00:01Z', 1_000_000_000n],
    ['2020-01-01T01:00:00.123456789+01:00', 1_577_836_800_123_456_789n],
    ['1969-12-31T23:59:59.5Z', -500_000_000n],
  ])('reads %s', (time, nanoseconds) => {
    expect(nanosecondsOf(time)).toBe(nanoseconds);
  });

  it('does not guess', () => {
    expect(nanosecondsOf('yesterday')).toBeUndefined();
  });
});

describe('snapshotEntry', () => {
  it('reads all that restic stores', () => {
    const entry = snapshotEntry(
      node({
        name: 'n\\xff',
        mode: (1 << 23) | 0o755,
        mtime: '1970-01-01T00:00:00.000000001Z',
        uid: 1000,
        gid: 100,
        size: 5,
        links: 2,
        inode: 7,
        device_id: 3,
        extended_attributes: [{ name: 'user.k', value: 'dgD/' }, { name: 'user.empty' }],
      }),
    );
    expect(entry).toMatchObject({
      name: Buffer.of(0x6e, 0xff),
      sizeBytes: 5n,
      uid: 1000,
      gid: 100,
      permissions: 0o4755,
      modifiedNanoseconds: 1n,
      sharedFile: '3:7',
    });
    expect(entry?.attributes).toEqual(
      new Map([
        ['user.k', Buffer.of(0x76, 0, 0xff)],
        ['user.empty', Buffer.alloc(0)],
      ]),
    );
  });

  it('prefers the bytes of a link that is not UTF-8', () => {
    const link = { type: 'symlink', linktarget: '�', linktarget_raw: '/w==' };
    expect(snapshotEntry(node(link))?.linkTarget).toEqual(Buffer.of(0xff));
    expect(snapshotEntry(node({ type: 'symlink', linktarget: 'x' }))?.linkTarget).toEqual(Buffer.from('x'));
  });

  it('does not compare what an old snapshot does not say', () => {
    expect(snapshotEntry(node())).toMatchObject({ permissions: undefined, modifiedNanoseconds: undefined });
  });

  it('does not guess a name', () => {
    expect(snapshotEntry(node({ name: '\\q' }))).toBeUndefined();
  });
});
