import type { RepositoryAccess, Step } from './open-repository.ts';
import type { Snapshot } from './snapshot.ts';
import { readRecord } from './snapshot-record.ts';
import { readTreeIndex } from './tree-index.ts';
import { keyOfTrees } from './tree-key.ts';
import type { TreeNode } from './tree-node.ts';
import { type Read, readNodes, type TreeSource } from './tree-reading.ts';

/** A snapshot whose directories can be read, all of them, however many there are. */
export interface SnapshotTree {
  readonly snapshot: Snapshot;
  /** The entries of one directory; its top is `snapshot.treeId`. */
  readonly readDirectory: (treeId: string) => Promise<Read<readonly TreeNode[]>>;
}

const unbounded = () => ({ bytesLeft: Number.POSITIVE_INFINITY, nodesLeft: Number.POSITIVE_INFINITY });

/**
 * Opens a snapshot to be read whole, without restic and without changing anything. Where trees lie is kept in memory: some
 * 300 bytes a directory of the repository.
 *
 * @param step gives the options of each request; there is no limit on the whole.
 */
export async function openSnapshotTree(
  access: RepositoryAccess,
  snapshotId: string,
  step: Step,
): Promise<Read<SnapshotTree>> {
  const key = await keyOfTrees(access, step);
  if (!key.ok) return key;
  const snapshot = await readRecord(access, snapshotId, key.value, step);
  if (!snapshot.ok) return snapshot;
  const places = await readTreeIndex(access, key.value, unbounded(), step);
  if (!places.ok) return places;
  const source: TreeSource = { access, key: key.value, places: places.value, budget: unbounded(), step };
  return { ok: true, value: { snapshot: snapshot.value, readDirectory: (treeId) => readNodes(source, treeId) } };
}
