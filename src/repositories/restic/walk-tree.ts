import { stepsWithin } from '../../destinations/time-limit.ts';
import type { TreeEntry } from '../../domain/tree-survey.ts';
import type { RepositoryAccess, Step } from './open-repository.ts';
import type { SealKey } from './sealed-box.ts';
import { readRecord } from './snapshot-record.ts';
import { readNewestTreeIndex } from './tree-index.ts';
import { keyOfTrees } from './tree-key.ts';
import type { TreeNode } from './tree-node.ts';
import { type Read, type ReadingBudget, readNodes, type TreeSource, type TreeStop } from './tree-reading.ts';

export interface WalkLimits {
  readonly timeoutMilliseconds: number;
  /** Of index and trees, packed or unpacked, whatever is more; half of them at most for the index. 16 MiB if not given. */
  readonly maximumBytes?: number;
  /** Of entries of directories; 20,000 if not given. */
  readonly maximumNodes?: number;
}

/** How far a walk came. */
export type TreeWalk =
  /** `whole` is false where there is more than was seen: too much, too slow to read, or damaged. */
  { readonly kind: 'walked'; readonly whole: boolean } | TreeStop;

const MAXIMUM_BYTES = 16 * 1024 * 1024;
const MAXIMUM_NODES = 20_000;
const CONCURRENT_READS = 8;

interface Folder {
  /** Empty for the top. */
  readonly path: string;
  readonly treeId: string;
}

const below = ({ path }: Folder, name: string): string => (path === '' ? name : `${path}/${name}`);

const entryOf = (path: string, { type, uid, gid, extended_attributes: attributes }: TreeNode): TreeEntry => ({
  path,
  type,
  uid,
  gid,
  attributes: attributes?.map(({ name }) => name) ?? [],
});

/** Level by level, so that what is not reached lies deep. */
class Walk {
  readonly #source: TreeSource;
  readonly #note: (entry: TreeEntry) => void;
  readonly #waiting: Folder[] = [];
  #isWhole = true;

  constructor(source: TreeSource, note: (entry: TreeEntry) => void) {
    this.#source = source;
    this.#note = note;
  }

  async from(topId: string): Promise<TreeWalk> {
    const top = { path: '', treeId: topId };
    const first = await readNodes(this.#source, topId);
    if (!first.ok) return first.stop;
    this.#take(top, first.value);
    while (this.#waiting.length > 0 && this.#mayGoOn) {
      const batch = this.#waiting.splice(0, CONCURRENT_READS);
      const results = await Promise.all(
        batch.map(async (folder) => ({ folder, nodes: await readNodes(this.#source, folder.treeId) })),
      );
      for (const { folder, nodes } of results) {
        if (nodes.ok) this.#take(folder, nodes.value);
        else if (nodes.stop.kind === 'failed') return nodes.stop;
        else this.#isWhole = false;
      }
    }
    return { kind: 'walked', whole: this.#isWhole && this.#waiting.length === 0 };
  }

  get #mayGoOn(): boolean {
    const { budget, step } = this.#source;
    return budget.nodesLeft > 0 && budget.bytesLeft > 0 && step().timeoutMilliseconds > 0;
  }

  #take(folder: Folder, nodes: readonly TreeNode[]): void {
    const { budget } = this.#source;
    const taken = nodes.slice(0, budget.nodesLeft);
    budget.nodesLeft -= taken.length;
    if (taken.length < nodes.length) this.#isWhole = false;
    for (const node of taken) {
      const path = below(folder, node.name);
      this.#note(entryOf(path, node));
      if (node.type !== 'dir') continue;
      if (typeof node.subtree === 'string') this.#waiting.push({ path, treeId: node.subtree });
      else this.#isWhole = false;
    }
  }
}

/** What may be read of trees: what the index has left over, and the half that it may not take. */
async function openSource(
  access: RepositoryAccess,
  key: SealKey,
  { maximumBytes = MAXIMUM_BYTES, maximumNodes = MAXIMUM_NODES }: WalkLimits,
  step: Step,
): Promise<Read<TreeSource>> {
  const budget: ReadingBudget = { bytesLeft: maximumBytes / 2, nodesLeft: maximumNodes };
  const places = await readNewestTreeIndex(access, key, budget, step);
  if (!places.ok) return places;
  budget.bytesLeft += maximumBytes / 2;
  return { ok: true, value: { access, key, places: places.value, budget, step } };
}

/**
 * Shows what is in a snapshot, from its top down, without restic and without changing anything. Reads within limits: where
 * they end, or a part can't be read, the walk is not whole. `unknown` and `failed` mean that too little was seen to speak of.
 */
export async function walkTree(
  access: RepositoryAccess,
  snapshotId: string,
  note: (entry: TreeEntry) => void,
  limits: WalkLimits,
): Promise<TreeWalk> {
  const step = stepsWithin({ timeoutMilliseconds: limits.timeoutMilliseconds });
  const key = await keyOfTrees(access, step);
  if (!key.ok) return key.stop;
  const snapshot = await readRecord(access, snapshotId, key.value, step);
  if (!snapshot.ok) return snapshot.stop;
  const source = await openSource(access, key.value, limits, step);
  if (!source.ok) return source.stop;
  return await new Walk(source.value, note).from(snapshot.value.treeId);
}
