import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import type { Failure } from '../../destinations/outcome.ts';
import type { RepositoryUnknownReason } from './reading.ts';
import type { RepositoryAccess, Step } from './open-repository.ts';
import { openSealed, type SealKey } from './sealed-box.ts';
import { parseTreeJson, treeBlob, type TreeNode } from './tree-node.ts';

/** Why trees could not be read to the end. */
export type TreeStop =
  /** Too much to read, or not what restic writes: to try again is of no use. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The store did not answer. */
  | { readonly kind: 'failed'; readonly reason: RepositoryUnknownReason; readonly message: string };

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly stop: TreeStop };

/** Where a blob lies. */
export interface BlobPlace {
  readonly packId: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Absent where it is not compressed. */
  readonly uncompressedBytes?: number | undefined;
}

/** What may still be read. */
export interface ReadingBudget {
  bytesLeft: number;
  nodesLeft: number;
}

/** What trees are read with. */
export interface TreeSource {
  readonly access: RepositoryAccess;
  readonly key: SealKey;
  /** Where each tree lies, by its id. */
  readonly places: ReadonlyMap<string, BlobPlace>;
  readonly budget: ReadingBudget;
  readonly step: Step;
}

export const stopped = (message: string): { readonly ok: false; readonly stop: TreeStop } => ({
  ok: false,
  stop: { kind: 'unknown', message },
});

/** A store that is slow or an object that is big is no reason to try again for ever; anything else may pass. */
export const stoppedBy = ({ reason, message }: Failure): { readonly ok: false; readonly stop: TreeStop } =>
  reason === 'Timeout' || reason === 'TooLarge'
    ? stopped(message)
    : { ok: false, stop: { kind: 'failed', reason, message } };

/** Takes bytes from what may still be read; false when there are not so many left. */
export const spend = (budget: ReadingBudget, bytes: number): boolean => {
  budget.bytesLeft -= bytes;
  return budget.bytesLeft >= 0;
};

/** The JSON of a tree, checked against the hash that is its id; undefined when it is not what was stored. */
function understand(id: string, { uncompressedBytes }: BlobPlace, plain: Buffer): readonly TreeNode[] | undefined {
  try {
    const json =
      uncompressedBytes === undefined ? plain : zstdDecompressSync(plain, { maxOutputLength: uncompressedBytes });
    if (createHash('sha256').update(json).digest('hex') !== id) return undefined;
    const tree = treeBlob.safeParse(parseTreeJson(json.toString('utf8')));
    return tree.success ? (tree.data.nodes ?? []) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the entries of one directory, however many they are. */
export async function readNodes(source: TreeSource, id: string): Promise<Read<readonly TreeNode[]>> {
  const { access, places, budget, key } = source;
  const place = places.get(id);
  if (place === undefined) return stopped(`tree ${id} is in no index`);
  const { packId, offsetBytes, lengthBytes, uncompressedBytes } = place;
  if (!spend(budget, Math.max(lengthBytes, uncompressedBytes ?? 0))) return stopped('the trees are too big to be read');
  const pack = `${access.repositoryPath}/data/${packId.slice(0, 2)}/${packId}`;
  const range = { offsetBytes, lengthBytes };
  const bytes = await access.destination.read(pack, { ...source.step(), maximumBytes: lengthBytes, range });
  if (!bytes.ok) return stoppedBy(bytes);
  const plain = bytes.value === undefined ? undefined : openSealed(key, bytes.value);
  const nodes = plain === undefined ? undefined : understand(id, place, plain);
  if (nodes === undefined) return stopped(`tree ${id} cannot be read from pack ${packId}`);
  return { ok: true, value: nodes };
}

/** Reads the entries of one directory, if so many may still be read. */
export async function readTree(source: TreeSource, id: string): Promise<Read<readonly TreeNode[]>> {
  const nodes = await readNodes(source, id);
  if (!nodes.ok) return nodes;
  source.budget.nodesLeft -= nodes.value.length;
  return source.budget.nodesLeft >= 0 ? nodes : stopped('the trees have too many entries to be read');
}
