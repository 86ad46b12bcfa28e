import { z } from 'zod';
import type { CallOptions, Destination } from './destination.ts';
import { type ClaimKey, runRecordKey } from './layout.ts';
import { failure, success, type Outcome } from './outcome.ts';

const count = z.int().min(0);

/** The folder that a volume is mounted at, which no snapshot holds: restic stores what is in it. */
const topFolder = z.looseObject({
  uid: count,
  gid: count,
  /** As chmod(2) takes it. */
  mode: z.int().min(0).max(0o7777),
  /** Nanoseconds since 1970, in digits: too many for a number. */
  mtimeNanoseconds: z.string().regex(/^-?\d{1,20}$/),
  /** Extended attributes, an ACL among them; values in base64. */
  attributes: z.array(z.looseObject({ name: z.string().min(1), value: z.string() })),
});

/** What a mover itself has recorded of a backup run that ended well. Unknown fields are kept. */
const runRecord = z.looseObject({
  version: z.literal(1),
  /** UID of the run's Job. */
  runId: z.string().min(1),
  /** UID of the cluster (of its namespace kube-system) that the run was in. */
  clusterUid: z.string().min(1),
  namespace: z.string().min(1),
  claim: z.string().min(1),
  snapshotId: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.iso.datetime({ offset: true }),
  files: count,
  directories: count,
  sizeBytes: count,
  topFolder,
  recordedAt: z.iso.datetime({ offset: true }),
});

export type TopFolder = z.infer<typeof topFolder>;
export type RunRecord = z.infer<typeof runRecord>;

const keyOf = ({ namespace, claim, runId }: Pick<RunRecord, 'namespace' | 'claim' | 'runId'>): string =>
  runRecordKey({ namespace, claim }, runId);

function understood(key: string, bytes: Uint8Array): Outcome<RunRecord> {
  const damaged = (why: string) => failure('InvalidRecord', `the run's record ${key} cannot be understood (${why})`);
  try {
    const record = runRecord.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    if (!record.success) return damaged(z.prettifyError(record.error).replaceAll('\n', ' '));
    return keyOf(record.data) === key ? success(record.data) : damaged('it speaks of another run');
  } catch {
    return damaged('not JSON');
  }
}

/** Reads what a run has recorded; `undefined` when there certainly is nothing. */
export async function readRunRecord(
  destination: Pick<Destination, 'read'>,
  claim: ClaimKey,
  runId: string,
  options: CallOptions,
): Promise<Outcome<RunRecord | undefined>> {
  const key = runRecordKey(claim, runId);
  const read = await destination.read(key, options);
  if (!read.ok) return read;
  return read.value === undefined ? success(undefined) : understood(key, read.value);
}

/** Writes what a run has done. A record that would not read back is a failure, and not written. */
export async function writeRunRecord(
  destination: Pick<Destination, 'write'>,
  record: RunRecord,
  options: CallOptions,
): Promise<Outcome<undefined>> {
  const key = keyOf(record);
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, undefined, 2)}\n`);
  const readable = understood(key, bytes);
  return readable.ok ? await destination.write(key, bytes, options) : readable;
}
