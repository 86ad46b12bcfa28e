import { unquoteName } from '../repositories/restic/quoted-name.ts';
import { permissionsOf, type TreeNode } from '../repositories/restic/tree-node.ts';

/** One entry of a directory, as a snapshot has it. What the snapshot does not say is undefined, and not compared. */
export interface SnapshotEntry {
  /** Its bytes, of whatever encoding. */
  readonly name: Buffer;
  /** In restic's words. */
  readonly type: string;
  /** Of directories: where their entries are. */
  readonly treeId?: string | undefined;
  readonly sizeBytes: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly permissions?: number | undefined;
  readonly modifiedNanoseconds?: bigint | undefined;
  readonly linkTarget?: Buffer | undefined;
  readonly device: bigint;
  /** Names the file that several names are links to; absent where it has one name. */
  readonly sharedFile?: string | undefined;
  readonly attributes: ReadonlyMap<string, Buffer>;
}

const MILLISECOND = 1_000_000n;

/** Nanoseconds since 1970 of an RFC 3339 time; undefined for what is none. */
export function nanosecondsOf(time: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const milliseconds = Date.parse(`${seconds ?? ''}${zone ?? ''}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * MILLISECOND + BigInt(fraction.padEnd(9, '0'));
}

function linkTargetOf({ type, linktarget, linktarget_raw: raw }: TreeNode): Buffer | undefined {
  if (type !== 'symlink') return undefined;
  return typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.from(linktarget ?? '', 'utf8');
}

function sharedFileOf({ type, links, inode, device_id: device }: TreeNode): string | undefined {
  const isShared = type !== 'dir' && (links ?? 0) > 1 && inode !== undefined && inode !== null;
  return isShared ? `${device ?? ''}:${inode}` : undefined;
}

/** Understands an entry of a snapshot; undefined where its name is not one that restic writes. */
export function snapshotEntry(node: TreeNode): SnapshotEntry | undefined {
  const name = unquoteName(node.name);
  if (name === undefined) return undefined;
  const attributes = (node.extended_attributes ?? []).map(
    ({ name: attribute, value }) => [attribute, Buffer.from(value ?? '', 'base64')] as const,
  );
  const { mode, mtime } = node;
  return {
    name,
    type: node.type,
    treeId: node.subtree ?? undefined,
    sizeBytes: BigInt(node.size ?? 0),
    uid: node.uid,
    gid: node.gid,
    permissions: typeof mode === 'number' ? permissionsOf(mode) : undefined,
    modifiedNanoseconds: typeof mtime === 'string' ? nanosecondsOf(mtime) : undefined,
    linkTarget: linkTargetOf(node),
    device: BigInt(node.device ?? 0),
    sharedFile: sharedFileOf(node),
    attributes: new Map(attributes),
  };
}
