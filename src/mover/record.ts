import { rfc3339 } from '../time/rfc3339.ts';
import { runOfTags } from '../domain/run-tags.ts';
import { type RunRecord, writeRunRecord } from '../destinations/run-record.ts';
import { readRepository } from '../repositories/restic/read-repository.ts';
import type { Snapshot } from '../repositories/restic/snapshot.ts';
import { type Libc, openLibc } from './libc.ts';
import type { MoverRepository } from './settings.ts';
import { readTopFolder } from './top-folder.ts';

/** The run that a mover has just carried out. */
export interface FinishedRun {
  /** UID of its Job. */
  readonly runId: string;
  readonly clusterUid: string;
  readonly namespace: string;
  readonly claim: string;
}

const REQUEST_MILLISECONDS = 60_000;
const READING_MILLISECONDS = 10 * 60_000;

/** A pod that was replaced may have left one before: the newest is that of the restic that ended well. */
async function snapshotOf({ access }: MoverRepository, runId: string): Promise<Snapshot> {
  const { destination, repositoryPath, password, cache } = access;
  const limits = { timeoutMilliseconds: READING_MILLISECONDS, cache };
  const reading = await readRepository(destination, repositoryPath, password, limits);
  if (reading.kind === 'unknown') throw new Error(reading.message);
  const snapshots = reading.kind === 'read' ? reading.snapshots : [];
  const found = snapshots.findLast(({ tags }) => runOfTags(tags) === runId);
  if (found !== undefined) return found;
  throw new Error(`repository ${repositoryPath} holds no snapshot of run ${runId}: restic said that there is one`);
}

/**
 * Records a backup run beside the repository, with what its snapshot does not hold, so that it is vouched for even if the
 * cluster is gone now.
 *
 * @returns the record.
 * @throws where the snapshot is not there, is without counts, or the record can't be written.
 */
export async function recordRun(
  repository: MoverRepository,
  run: FinishedRun,
  volumePath: string,
  libc?: Libc,
): Promise<RunRecord> {
  const snapshot = await snapshotOf(repository, run.runId);
  const { id: snapshotId, time, summary } = snapshot;
  if (summary === undefined) throw new Error(`snapshot ${snapshotId} has no counts: restic is older than 0.17`);
  const record: RunRecord = {
    version: 1,
    ...run,
    snapshotId,
    time,
    ...summary,
    topFolder: readTopFolder(libc ?? (await openLibc()), volumePath),
    recordedAt: rfc3339(Date.now()),
  };
  const written = await writeRunRecord(repository.destination, record, { timeoutMilliseconds: REQUEST_MILLISECONDS });
  if (!written.ok) throw new Error(written.message);
  return record;
}
