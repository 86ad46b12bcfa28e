import { stepsWithin } from '../../destinations/time-limit.ts';
import type { RepositoryAccess } from './open-repository.ts';
import type { TreeAnswer } from './reading.ts';
import type { Snapshot } from './snapshot.ts';
import { readTreeIndex } from './tree-index.ts';
import { keyOfTrees } from './tree-key.ts';
import type { TreeNode } from './tree-node.ts';
import { type Read, readTree, type TreeSource } from './tree-reading.ts';

export interface ComparisonLimits {
  readonly timeoutMilliseconds: number;
  /** Of index and trees, packed or unpacked, whatever is more; 64 MiB if not given. */
  readonly maximumBytes?: number;
  /** Of entries of directories; 1,000,000 if not given. */
  readonly maximumNodes?: number;
}

const MAXIMUM_BYTES = 64 * 1024 * 1024;
const MAXIMUM_NODES = 1_000_000;
const CONCURRENT_COMPARISONS = 8;
const PATH_CHARACTERS = 200;

/** A directory of the older snapshot and the one of the same path in the newer. */
interface Pair {
  readonly path: string;
  readonly olderId: string;
  readonly newerId: string;
}

type PairResult = { readonly lacked: string } | { readonly pairs: readonly Pair[] };

const isDirectory = ({ type }: TreeNode): boolean => type === 'dir';

/** Compares by names: what lies in directories of the same content is the same. */
function compareNodes(path: string, older: readonly TreeNode[], newer: readonly TreeNode[]): PairResult {
  const there = new Map(newer.map((node) => [node.name, node]));
  const pairs: Pair[] = [];
  for (const node of older) {
    const nodePath = path === '' ? node.name : `${path}/${node.name}`;
    const other = there.get(node.name);
    // A file in the place of a directory lacks all that was in it, and the other way round the file is gone.
    if (other === undefined || isDirectory(node) !== isDirectory(other)) return { lacked: nodePath };
    const [olderId, newerId] = [node.subtree ?? '', other.subtree ?? ''];
    if (olderId !== newerId) pairs.push({ path: nodePath, olderId, newerId });
  }
  return { pairs };
}

async function comparePair(source: TreeSource, { path, olderId, newerId }: Pair): Promise<Read<PairResult>> {
  const [older, newer] = await Promise.all([readTree(source, olderId), readTree(source, newerId)]);
  if (!older.ok) return older;
  if (!newer.ok) return newer;
  return { ok: true, value: compareNodes(path, older.value, newer.value) };
}

async function walk(source: TreeSource, top: Pair): Promise<TreeAnswer> {
  const waiting: Pair[] = [top];
  while (waiting.length > 0) {
    const batch = waiting.splice(0, CONCURRENT_COMPARISONS);
    const results = await Promise.all(batch.map((pair) => comparePair(source, pair)));
    // What is certainly lacking is so, whatever else could not be read.
    for (const result of results) {
      if (result.ok && 'lacked' in result.value)
        return { kind: 'lacksSome', path: result.value.lacked.slice(0, PATH_CHARACTERS) };
    }
    for (const result of results) {
      if (!result.ok) return result.stop;
      if ('pairs' in result.value) waiting.push(...result.value.pairs);
    }
  }
  return { kind: 'lacksNothing' };
}

const isLasting = ({ kind }: TreeAnswer): boolean => kind === 'lacksNothing' || kind === 'lacksSome';

/**
 * Says whether a newer snapshot lacks no path that an older one of the same repository has. Files are told by their names
 * alone; directories of the same content are not looked into. Reads without restic, and within limits: beyond them the
 * answer is `unknown`.
 */
export async function compareTrees(
  access: RepositoryAccess,
  { older, newer }: { readonly older: Snapshot; readonly newer: Snapshot },
  limits: ComparisonLimits,
): Promise<TreeAnswer> {
  if (older.treeId === newer.treeId) return { kind: 'lacksNothing' };
  const name = `${older.id} ${newer.id}`;
  const known = access.cache.treeAnswers.get(name);
  if (known !== undefined) return known;
  const step = stepsWithin({ timeoutMilliseconds: limits.timeoutMilliseconds });
  const found = await keyOfTrees(access, step);
  if (!found.ok) return found.stop;
  const key = found.value;
  const budget = { bytesLeft: limits.maximumBytes ?? MAXIMUM_BYTES, nodesLeft: limits.maximumNodes ?? MAXIMUM_NODES };
  const places = await readTreeIndex(access, key, budget, step);
  if (!places.ok) return places.stop;
  const source = { access, key, places: places.value, budget, step };
  const answer = await walk(source, { path: '', olderId: older.treeId, newerId: newer.treeId });
  if (isLasting(answer)) access.cache.treeAnswers.set(name, answer);
  return answer;
}
