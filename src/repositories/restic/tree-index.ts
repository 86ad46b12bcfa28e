import { z } from 'zod';
import type { ObjectEntry } from '../../destinations/destination.ts';
import type { RepositoryAccess, Step } from './open-repository.ts';
import type { SealKey } from './sealed-box.ts';
import { isNamedByHash, readSealedJson } from './stored-file.ts';
import {
  type BlobPlace,
  type Read,
  type ReadingBudget,
  spend,
  stopped,
  stoppedBy,
  type TreeStop,
} from './tree-reading.ts';

const CONCURRENT_READS = 8;
const INDEX_NAME = /\/index\/([0-9a-f]{64})$/;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(1);
// Field names of restic 0.18, internal/repository/index/index.go.
const indexFile = z.object({
  packs: z
    .array(
      z.object({
        id: hash,
        blobs: z.array(
          z.object({
            id: hash,
            type: z.string(),
            offset: z.int().min(0),
            length: size,
            uncompressed_length: size.optional(),
          }),
        ),
      }),
    )
    .nullable(),
});

type Places = Map<string, BlobPlace>;

/** Adds the trees that an index file names; false when it is not one. */
function addTrees(places: Places, key: SealKey, bytes: Uint8Array): boolean {
  const file = readSealedJson(key, bytes);
  const index = indexFile.safeParse(file.kind === 'json' ? file.value : undefined);
  if (!index.success) return false;
  for (const { id: packId, blobs } of index.data.packs ?? []) {
    for (const { id, type, offset, length, uncompressed_length: uncompressedBytes } of blobs) {
      if (type !== 'tree') continue;
      places.set(id, { packId, offsetBytes: offset, lengthBytes: length, uncompressedBytes });
    }
  }
  return true;
}

async function readAll(
  access: RepositoryAccess,
  entries: readonly ObjectEntry[],
  key: SealKey,
  step: Step,
): Promise<Read<Places>> {
  const places: Places = new Map();
  const stops: TreeStop[] = [];
  const waiting = entries.values();
  const reader = async (): Promise<void> => {
    for (const entry of waiting) {
      if (stops.length > 0) return;
      const bytes = await access.destination.read(entry.key, { ...step(), maximumBytes: entry.sizeBytes });
      if (!bytes.ok) stops.push(stoppedBy(bytes).stop);
      // One that went meanwhile was replaced by a prune: what it named may be missed, and is then not found.
      else if (bytes.value !== undefined && !isIndex(entry, bytes.value)) stops.push(notAnIndex(entry));
    }
  };
  const isIndex = (entry: ObjectEntry, bytes: Uint8Array): boolean =>
    isNamedByHash(INDEX_NAME.exec(entry.key)?.[1] ?? '', bytes) && addTrees(places, key, bytes);
  await Promise.all(Array.from({ length: CONCURRENT_READS }, reader));
  const [stop] = stops;
  return stop === undefined ? { ok: true, value: places } : { ok: false, stop };
}

const notAnIndex = ({ key }: ObjectEntry): TreeStop => stopped(`${key} is not an index that restic wrote`).stop;

async function listIndex(access: RepositoryAccess, step: Step): Promise<Read<readonly ObjectEntry[]>> {
  const listed = await access.destination.list(`${access.repositoryPath}/index/`, step());
  if (!listed.ok) return { ok: false, stop: { kind: 'failed', reason: listed.reason, message: listed.message } };
  return { ok: true, value: listed.value.filter((entry) => INDEX_NAME.test(entry.key)) };
}

/** Reads where all trees of a repository lie. Its index names every blob: of the others nothing is kept. */
export async function readTreeIndex(
  access: RepositoryAccess,
  key: SealKey,
  budget: ReadingBudget,
  step: Step,
): Promise<Read<ReadonlyMap<string, BlobPlace>>> {
  const listed = await listIndex(access, step);
  if (!listed.ok) return listed;
  const sizeBytes = listed.value.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (!spend(budget, sizeBytes)) return stopped(`the index, ${sizeBytes} bytes, is too big to be read`);
  return await readAll(access, listed.value, key, step);
}

/**
 * Reads where trees of a repository lie, from its newest index files, as far as the budget reaches. They name at least the
 * directories that a new snapshot has changed, its top among them; others may be missing.
 */
export async function readNewestTreeIndex(
  access: RepositoryAccess,
  key: SealKey,
  budget: ReadingBudget,
  step: Step,
): Promise<Read<ReadonlyMap<string, BlobPlace>>> {
  const listed = await listIndex(access, step);
  if (!listed.ok) return listed;
  const newestFirst = [...listed.value].sort((a, b) => Date.parse(b.modifiedAt) - Date.parse(a.modifiedAt));
  const [newest] = newestFirst;
  if (newest !== undefined && newest.sizeBytes > budget.bytesLeft)
    return stopped(`the newest index file, ${newest.sizeBytes} bytes, is too big to be read`);
  const fitting = newestFirst.filter(({ sizeBytes }) => sizeBytes <= budget.bytesLeft && spend(budget, sizeBytes));
  return await readAll(access, fitting, key, step);
}
