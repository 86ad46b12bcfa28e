import { isNodesOwn } from '../domain/restored-attributes.ts';
import type { SnapshotEntry } from './snapshot-entry.ts';
import type { VolumeEntry } from './volume-entry.ts';

/** How an entry of a volume differs from the snapshot's. */
export interface EntryDifference {
  /** It is not what it was: another type, size, target of a link or device. A clause. */
  readonly content?: string | undefined;
  /** What did not come back beside: `owner`, `mode`, `mtime`, or the name of an extended attribute. */
  readonly attributes: readonly string[];
}

/** What makes an entry what it is, beside its bytes. */
function contentDifference(stored: SnapshotEntry, there: VolumeEntry): string | undefined {
  if (stored.type !== there.type) return `a ${there.type} in place of a ${stored.type}`;
  switch (stored.type) {
    case 'file':
      return stored.sizeBytes === there.sizeBytes
        ? undefined
        : `${there.sizeBytes} bytes in place of ${stored.sizeBytes}`;
    case 'symlink':
      return stored.linkTarget?.equals(there.linkTarget ?? Buffer.alloc(0)) === true
        ? undefined
        : 'it points to something else';
    case 'dev':
    case 'chardev':
      return stored.device === there.device ? undefined : `device ${there.device} in place of ${stored.device}`;
    default:
      return undefined;
  }
}

function differentAttributes(
  stored: ReadonlyMap<string, Buffer>,
  there: ReadonlyMap<string, Buffer>,
): readonly string[] {
  if (stored.size === 0 && there.size === 0) return [];
  const names = new Set([...stored.keys(), ...there.keys()]);
  const differs = (name: string): boolean => {
    const [value, found] = [stored.get(name), there.get(name)];
    return value === undefined || found === undefined || !value.equals(found);
  };
  return [...names].filter((name) => !isNodesOwn(name) && differs(name));
}

/** Compares all but the bytes of a file. The permissions of a symbolic link are no file system's to keep (symlink(7)). */
export function compareEntry(stored: SnapshotEntry, there: VolumeEntry): EntryDifference {
  const content = contentDifference(stored, there);
  if (content !== undefined) return { content, attributes: [] };
  const isSame = {
    owner: stored.uid === there.uid && stored.gid === there.gid,
    mode: stored.type === 'symlink' || (stored.permissions ?? there.permissions) === there.permissions,
    mtime: (stored.modifiedNanoseconds ?? there.modifiedNanoseconds) === there.modifiedNanoseconds,
  };
  const plain = Object.entries(isSame).flatMap(([name, same]) => (same ? [] : [name]));
  return { attributes: [...plain, ...differentAttributes(stored.attributes, there.attributes)] };
}
