import { z } from 'zod';
import type { CallOptions, Destination } from './destination.ts';
import { claimRecordKey, corruptClaimRecordKey, earlierClaimRecordKey, type ClaimKey } from './layout.ts';
import { failure, success, type Outcome } from './outcome.ts';
import { stepsWithin } from './time-limit.ts';

/** How many good backups a record remembers, the newest first. */
export const HISTORY_LIMIT = 10;

/** How many runs a record remembers, whatever became of them. A mover that fails is tried some twenty times an hour. */
export const RUNS_LIMIT = 300;

const snapshotId = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const time = z.iso.datetime({ offset: true });

const goodBackup = z.looseObject({
  snapshotId,
  time,
  sizeBytes: count,
  files: count,
  directories: count,
});

const historicBackup = z.looseObject({ snapshotId, time, sizeBytes: count, files: count });

const mover = z.looseObject({
  runAsUser: count.optional(),
  runAsGroup: count.optional(),
  fsGroup: count.optional(),
});

/**
 * A backup run as its controller saw it end. `partial`: restic saved what it could read and exited with 3. `collapsed`: whole,
 * but so much smaller than before that a person has to look. Only `good` ones are vouched for.
 */
const recordedRun = z.looseObject({
  snapshotId,
  time,
  result: z.enum(['good', 'partial', 'collapsed']),
  sizeBytes: count.optional(),
  files: count.optional(),
  directories: count.optional(),
  /** When the run ended: no later one has left this snapshot. Absent in early records. */
  endedAt: time.optional(),
  /** UID of the cluster (of its namespace kube-system) whose controller recorded the run. */
  writer: z.string().min(1),
});

/**
 * A fall in size that nobody has answered yet, and the good backup that it was measured against: that one does not age.
 * `snapshotId`: the first collapsed one; absent where the volume was found empty, so that there is none.
 */
const openCollapse = z.looseObject({ snapshotId: snapshotId.optional(), since: time, yardstick: historicBackup });

/** The last collapse that a person accepted. Backups older than `time` are no yardstick any more. */
const acceptedCollapse = z.looseObject({ snapshotId: snapshotId.optional(), time });

/**
 * The newest backup of an earlier claim that was not restored into claim `claimUid`, which nobody has answered yet: none of the
 * snapshots is to be removed.
 */
const unrestoredBackup = z.looseObject({ claimUid: z.string(), snapshotId, time, files: count.optional() });

/** The one cluster that may write this claim's backups. `releasedAt`: its claim went, or lost the label. */
const owner = z.looseObject({ clusterUid: z.string().min(1), since: time, releasedAt: time.optional() });

/** What the destination remembers of a claim, so that a rebuilt cluster knows it. Unknown fields are kept. */
const claimRecord = z.looseObject({
  version: z.literal(1),
  namespace: z.string().min(1),
  claim: z.string().min(1),
  /** UID of the claim that the last good backup was taken from. */
  claimUid: z.string(),
  /** The tier. */
  policy: z.string().min(1),
  /** Absent while no run ended whole. */
  lastGoodBackup: goodBackup.optional(),
  /** The user and groups that the mover ran as. */
  mover: mover.optional(),
  recordedAt: time,
  /** Good backups, the newest first. */
  history: z.array(historicBackup).max(HISTORY_LIMIT).optional(),
  /** The destination that the record was written for: a copied record tells where it comes from. */
  destinationId: z.string().optional(),
  /** The tier's interval at the last run. */
  intervalSeconds: count.optional(),
  /** Runs that left a snapshot, the newest first. */
  runs: z.array(recordedRun).max(RUNS_LIMIT).optional(),
  collapse: openCollapse.optional(),
  acceptedCollapse: acceptedCollapse.optional(),
  unrestored: unrestoredBackup.optional(),
  owner: owner.optional(),
  /** How large the volume was when it was backed up last: a restore needs no less. */
  volumeCapacityBytes: count.optional(),
  /** Which way the repository's password follows from the master password. Absent in early records, which mean 1. */
  passwordDerivation: count.optional(),
});

export type RecordedRun = z.infer<typeof recordedRun>;
export type OpenCollapse = z.infer<typeof openCollapse>;
export type LedgerOwner = z.infer<typeof owner>;
export type UnrestoredBackup = z.infer<typeof unrestoredBackup>;
export type ClaimRecord = z.infer<typeof claimRecord>;
export type GoodBackup = z.infer<typeof goodBackup>;
export type HistoricBackup = z.infer<typeof historicBackup>;

const unreadable = (key: string, why: string) =>
  failure(
    'InvalidRecord',
    `the ledger record ${key} exists but cannot be understood (${why}). It is not taken for "no record". ` +
      'Restore an earlier version of the object, or delete it so that the next good backup writes it again.',
  );

const parseJson = (bytes: Uint8Array): Outcome<unknown> => {
  try {
    return success(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return failure('InvalidRecord', 'not JSON');
  }
};

/** Understands the bytes of a claim's record; a failure when they are not a record of this very claim. */
export const parseClaimRecord = (key: ClaimKey, bytes: Uint8Array): Outcome<ClaimRecord> => {
  const objectKey = claimRecordKey(key);
  const json = parseJson(bytes);
  if (!json.ok) return unreadable(objectKey, json.message);
  const record = claimRecord.safeParse(json.value);
  if (!record.success) return unreadable(objectKey, z.prettifyError(record.error).replaceAll('\n', ' '));
  if (record.data.namespace !== key.namespace || record.data.claim !== key.claim) {
    return unreadable(objectKey, `it speaks of ${record.data.namespace}/${record.data.claim}`);
  }
  return success(record.data);
};

type Reader = Pick<Destination, 'read'>;

/** What stands in a record's place: nothing, a record, or bytes that are none. */
interface StandingRecord {
  readonly bytes: Uint8Array | undefined;
  readonly parsed: Outcome<ClaimRecord | undefined>;
}

const readStanding = async (from: Reader, key: ClaimKey, options: CallOptions): Promise<Outcome<StandingRecord>> => {
  const read = await from.read(claimRecordKey(key), options);
  if (!read.ok) return read;
  const bytes = read.value;
  return success({ bytes, parsed: bytes === undefined ? success(undefined) : parseClaimRecord(key, bytes) });
};

/** The copy of the record before, where the record itself can't be understood. */
const readCopy = async (
  from: Reader,
  key: ClaimKey,
  options: CallOptions,
): Promise<Outcome<ClaimRecord | undefined>> => {
  const copy = await from.read(earlierClaimRecordKey(key), options);
  if (!copy.ok) return copy;
  return copy.value === undefined ? success(undefined) : parseClaimRecord(key, copy.value);
};

/**
 * Reads a claim's record; `undefined` when there certainly is none. A record that can't be understood is not taken for none:
 * the copy of the record before it counts, and where that is none either, the failure is `InvalidRecord`.
 */
export const readLedger = async (
  destination: Reader,
  key: ClaimKey,
  options: CallOptions,
): Promise<Outcome<ClaimRecord | undefined>> => {
  const step = stepsWithin(options);
  const standing = await readStanding(destination, key, step());
  if (!standing.ok) return standing;
  const { parsed } = standing.value;
  if (parsed.ok) return parsed;
  const copy = await readCopy(destination, key, step());
  if (!copy.ok && copy.reason !== 'InvalidRecord') return copy;
  return copy.ok && copy.value !== undefined ? copy : parsed;
};

/**
 * Writes a claim's record, replacing the one before. What stood there is put beside first: a record as the copy that
 * {@link readLedger} falls back to, anything else where a person can look at it. A record that would not read back is a
 * failure, and not written.
 */
export const writeLedger = async (
  destination: Pick<Destination, 'read' | 'write'>,
  record: ClaimRecord,
  options: CallOptions,
): Promise<Outcome<undefined>> => {
  const checked = claimRecord.safeParse(record);
  if (!checked.success) return failure('InvalidRecord', `not a ledger record: ${z.prettifyError(checked.error)}`);
  const step = stepsWithin(options);
  const standing = await readStanding(destination, record, step());
  if (!standing.ok) return standing;
  const { bytes, parsed } = standing.value;
  if (bytes !== undefined) {
    const beside = parsed.ok ? earlierClaimRecordKey(record) : corruptClaimRecordKey(record);
    const kept = await destination.write(beside, bytes, step());
    if (!kept.ok) return kept;
  }
  const json = `${JSON.stringify(checked.data, undefined, 2)}\n`;
  return destination.write(claimRecordKey(record), new TextEncoder().encode(json), step());
};

/** The newest snapshot that a record speaks of, a good one before others; absent where it speaks of none. */
export const rememberedSnapshot = (
  record: ClaimRecord | undefined,
): Pick<RecordedRun, 'snapshotId' | 'time' | 'files'> | undefined => record?.lastGoodBackup ?? record?.runs?.[0];

/** The newest backup that an earlier claim than the one of this UID left, while nobody has answered that it was not restored. */
export function earlierBackup(record: ClaimRecord | undefined, claimUid: string): UnrestoredBackup | undefined {
  if (record?.unrestored?.claimUid === claimUid) return record.unrestored;
  const newest = record?.claimUid === claimUid ? undefined : rememberedSnapshot(record);
  if (newest === undefined) return undefined;
  const { snapshotId: id, time: takenAt, files } = newest;
  return { claimUid, snapshotId: id, time: takenAt, ...(files === undefined ? {} : { files }) };
}

/** The record after one more good backup: it becomes the last one, and the bounded history gains it. */
export const withGoodBackup = (record: ClaimRecord, backup: GoodBackup, recordedAt: string): ClaimRecord => {
  const { snapshotId: id, time: takenAt, sizeBytes, files } = backup;
  const entry = { snapshotId: id, time: takenAt, sizeBytes, files };
  const others = (record.history ?? []).filter((known) => known.snapshotId !== backup.snapshotId);
  return { ...record, lastGoodBackup: backup, recordedAt, history: [entry, ...others].slice(0, HISTORY_LIMIT) };
};
