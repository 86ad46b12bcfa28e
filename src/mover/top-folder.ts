import { chmodSync, chownSync } from 'node:fs';
import type { RestoreFindings } from '../domain/restore-record.ts';
import { isNodesOwn } from '../domain/restored-attributes.ts';
import type { TopFolder } from '../destinations/run-record.ts';
import type { Libc } from './libc.ts';
import { readEntry } from './volume-entry.ts';

/** What the folder says that a volume is mounted at. */
const TOP = '.';

/**
 * Reads what no snapshot holds of a volume: its own top folder.
 *
 * @throws where it can't be read.
 */
export function readTopFolder(libc: Libc, volumePath: string): TopFolder {
  const top = readEntry(libc, Buffer.from(volumePath));
  if (top === undefined) throw new Error(`${volumePath} is not there`);
  const attributes = [...top.attributes].filter(([name]) => !isNodesOwn(name));
  return {
    uid: top.uid,
    gid: top.gid,
    mode: top.permissions,
    mtimeNanoseconds: String(top.modifiedNanoseconds),
    attributes: attributes.map(([name, value]) => ({ name, value: value.toString('base64') })),
  };
}

/**
 * Where nothing says how the top folder was: lets a group write there, as the kubelet does for a pod's fsGroup, and as VolSync does for
 * its mover's. Otherwise it would be root's alone, as that of every new volume.
 */
export function shareTopFolder(volumePath: string, gid: number): void {
  chownSync(volumePath, 0, gid);
  chmodSync(volumePath, 0o2775);
}

/** Makes a volume's top folder what it was; what its file system does not take is a finding. */
export function restoreTopFolder(
  libc: Libc,
  volumePath: string,
  { uid, gid, mode, mtimeNanoseconds, attributes }: TopFolder,
  findings: RestoreFindings,
): void {
  const path = Buffer.from(volumePath);
  const attempt = (attribute: string, change: () => void): void => {
    try {
      change();
    } catch {
      findings.lacksAttribute(TOP, attribute);
    }
  };
  attempt('owner', () => chownSync(path, uid, gid));
  // After the owner, whose change takes the set-user-ID bits away (chown(2)); an ACL sets the group's bits anew.
  attempt('mode', () => chmodSync(path, mode));
  for (const { name, value } of attributes)
    attempt(name, () => libc.setAttribute(path, name, Buffer.from(value, 'base64')));
  attempt('mtime', () => libc.setModifiedTime(path, BigInt(mtimeNanoseconds)));
}
