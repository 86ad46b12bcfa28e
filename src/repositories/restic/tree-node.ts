import { z } from 'zod';

const owner = z.int().min(0).default(0);
/** A number of 64 bits, of which equality alone counts; one that JavaScript can't hold comes as its digits. */
const identity = z.union([z.int(), z.string()]).nullish();

/**
 * What restic stores of one entry of a directory. Field names of restic 0.18, internal/restic/node.go. Names are quoted as Go
 * quotes them: equal ones are equal, and none holds a control character. A number that is not there is 0, as it is for restic.
 */
export const treeNode = z.object({
  name: z.string(),
  type: z.string(),
  subtree: z.string().nullish(),
  uid: owner,
  gid: owner,
  /** Bits as Go's os.FileMode has them. */
  mode: z.int().nullish(),
  /** RFC 3339 to the nanosecond, at any offset. */
  mtime: z.string().nullish(),
  size: z.number().nullish(),
  links: z.number().nullish(),
  inode: identity,
  device_id: identity,
  /** Number of a device, as stat(2) has it in st_rdev. */
  device: z.number().nullish(),
  linktarget: z.string().nullish(),
  /** In base64; only where the target is not UTF-8. */
  linktarget_raw: z.string().nullish(),
  extended_attributes: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish(),
});

export const treeBlob = z.object({ nodes: z.array(treeNode).nullable() });

export type TreeNode = z.infer<typeof treeNode>;

const HUGE_IDENTITY = /"(inode|device_id)":(\d{16,})/g;

/** Reads the JSON of a tree. In a string the quotes of a field's name would be escaped, so that only fields match. */
export const parseTreeJson = (text: string): unknown => JSON.parse(text.replaceAll(HUGE_IDENTITY, '"$1":"$2"'));

// Bits of Go's os.FileMode (go doc io/fs FileMode) and those of stat(2).
const GO_SETUID = 1 << 23;
const GO_SETGID = 1 << 22;
const GO_STICKY = 1 << 20;

/** Permissions as chmod(2) takes them, of the mode that restic stores. */
export function permissionsOf(goMode: number): number {
  const setuid = (goMode & GO_SETUID) === 0 ? 0 : 0o4000;
  const setgid = (goMode & GO_SETGID) === 0 ? 0 : 0o2000;
  const sticky = (goMode & GO_STICKY) === 0 ? 0 : 0o1000;
  return (goMode & 0o777) | setuid | setgid | sticky;
}
