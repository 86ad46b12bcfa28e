import { lstatSync, readlinkSync } from 'node:fs';
import type { Libc } from './libc.ts';

/** One entry of a volume, as it is there. */
export interface VolumeEntry {
  /** In restic's words. */
  readonly type: string;
  readonly sizeBytes: bigint;
  readonly uid: number;
  readonly gid: number;
  /** As chmod(2) takes them. */
  readonly permissions: number;
  readonly modifiedNanoseconds: bigint;
  readonly inode: bigint;
  readonly links: bigint;
  /** Of a device, as st_rdev. */
  readonly device: bigint;
  readonly linkTarget?: Buffer | undefined;
  readonly attributes: ReadonlyMap<string, Buffer>;
}

const FILE_TYPE_BITS = 0o170000n;

// inode(7), and the words of restic 0.18 (internal/restic/node.go, NodeType).
const typeNames: ReadonlyMap<bigint, string> = new Map([
  [0o100000n, 'file'],
  [0o040000n, 'dir'],
  [0o120000n, 'symlink'],
  [0o060000n, 'dev'],
  [0o020000n, 'chardev'],
  [0o010000n, 'fifo'],
  [0o140000n, 'socket'],
]);

function readAttributes(libc: Libc, path: Buffer): ReadonlyMap<string, Buffer> {
  const attributes = new Map<string, Buffer>();
  for (const name of libc.listAttributes(path)) {
    const value = libc.attribute(path, name);
    if (value !== undefined) attributes.set(name, value);
  }
  return attributes;
}

/**
 * Reads all that is known of an entry but its content; undefined where there is none.
 *
 * @throws where it can't be read.
 */
export function readEntry(libc: Libc, path: Buffer): VolumeEntry | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const type = typeNames.get(stats.mode & FILE_TYPE_BITS) ?? 'unknown';
  return {
    type,
    sizeBytes: stats.size,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    permissions: Number(stats.mode & 0o7777n),
    modifiedNanoseconds: stats.mtimeNs,
    inode: stats.ino,
    links: stats.nlink,
    device: stats.rdev,
    ...(type === 'symlink' ? { linkTarget: readlinkSync(path, { encoding: 'buffer' }) } : {}),
    attributes: readAttributes(libc, path),
  };
}
