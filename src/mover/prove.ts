import { isWholeRestore, type RestoreRecord } from '../domain/restore-record.ts';
import { runOfTags } from '../domain/run-tags.ts';
import type { ClaimKey } from '../destinations/layout.ts';
import { readRunRecord, type TopFolder } from '../destinations/run-record.ts';
import { openSnapshotTree } from '../repositories/restic/snapshot-tree.ts';
import type { Snapshot } from '../repositories/restic/snapshot.ts';
import { compareVolume } from './compare-volume.ts';
import { type Libc, openLibc } from './libc.ts';
import type { MoverRepository } from './settings.ts';
import { restoreTopFolder, shareTopFolder } from './top-folder.ts';

/** Of one request; a store that is slow for longer is one that does not answer. */
const REQUEST_MILLISECONDS = 60_000;

const step = () => ({ timeoutMilliseconds: REQUEST_MILLISECONDS });

function claimOf(repositoryPath: string): ClaimKey {
  const [namespace = '', claim = ''] = repositoryPath.split('/');
  return { namespace, claim };
}

/**
 * How the volume's top folder was when the snapshot was taken; undefined where nothing says so, as of every snapshot that another
 * engine made.
 *
 * @throws where the record is there and can't be read.
 */
async function topFolderOf(
  { destination, access }: MoverRepository,
  { tags }: Snapshot,
): Promise<TopFolder | undefined> {
  const runId = runOfTags(tags);
  if (runId === undefined) return undefined;
  const record = await readRunRecord(destination, claimOf(access.repositoryPath), runId, step());
  if (!record.ok) throw new Error(record.message);
  return record.value?.topFolder;
}

export interface VolumeToProve {
  readonly volumePath: string;
  /** Who may write into the top folder where no record says how that was. */
  readonly topFolderGroup?: number | undefined;
  readonly libc?: Libc | undefined;
}

/**
 * Proves that a volume holds what a snapshot does, and sets its top folder as it was. Changes nothing else. Where all is there, it is
 * on the volume's medium then.
 *
 * @throws where the snapshot or the volume can't be read: nothing is proven then.
 */
export async function prove(
  repository: MoverRepository,
  snapshotId: string,
  { volumePath, topFolderGroup, libc }: VolumeToProve,
): Promise<RestoreRecord> {
  const calls = libc ?? (await openLibc());
  const tree = await openSnapshotTree(repository.access, snapshotId, step);
  if (!tree.ok) throw new Error(tree.stop.message);
  const compared = await compareVolume(calls, tree.value, volumePath);
  if (!compared.ok) throw new Error(compared.stop.message);
  const findings = compared.value;
  const record = findings.record(snapshotId, 'unknown');
  if (!isWholeRestore(record)) return record;
  const top = await topFolderOf(repository, tree.value.snapshot);
  if (top !== undefined) restoreTopFolder(calls, volumePath, top, findings);
  else if (topFolderGroup !== undefined) shareTopFolder(volumePath, topFolderGroup);
  // restic leaves what it wrote to the kernel: a node that fails now must not take a proven restore with it.
  calls.flush(Buffer.from(volumePath));
  return findings.record(snapshotId, top === undefined ? 'unknown' : 'restored');
}
