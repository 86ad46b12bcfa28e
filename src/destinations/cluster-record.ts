import { z } from 'zod';
import type { CallOptions, Destination } from './destination.ts';
import { failure, success, type Outcome } from './outcome.ts';

const FOLDER = '.rebound/clusters/';
const UID = /^[0-9a-z][0-9a-z-]{0,62}$/;

/** The sign of life of a cluster that backs up into a destination. */
const clusterRecord = z.looseObject({
  version: z.literal(1),
  clusterUid: z.string().regex(UID),
  /** Made anew by each controller that begins to lead: two that alternate are two clusters with one UID. */
  leader: z.string().min(1),
  writtenAt: z.iso.datetime({ offset: true }),
});

export type ClusterRecord = z.infer<typeof clusterRecord>;

/** When each cluster last wrote its sign of life, milliseconds since 1970 by the store's clock. */
export type ClustersHeard = ReadonlyMap<string, number>;

/** Where a cluster's sign of life is. @throws RangeError when that can't be the UID of a cluster. */
export const clusterRecordKey = (clusterUid: string): string => {
  if (!UID.test(clusterUid)) throw new RangeError(`not the UID of a cluster: ${JSON.stringify(clusterUid)}`);
  return `${FOLDER}${clusterUid}.json`;
};

/** Reads a cluster's sign of life; `undefined` when there certainly is none, or none that can be understood. */
export async function readClusterRecord(
  destination: Pick<Destination, 'read'>,
  clusterUid: string,
  options: CallOptions,
): Promise<Outcome<ClusterRecord | undefined>> {
  const bytes = await destination.read(clusterRecordKey(clusterUid), options);
  if (!bytes.ok) return bytes;
  return success(bytes.value === undefined ? undefined : parse(bytes.value));
}

function parse(bytes: Uint8Array): ClusterRecord | undefined {
  try {
    return clusterRecord.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // It is written anew every few minutes, and says nothing that is needed to restore.
    return undefined;
  }
}

export async function writeClusterRecord(
  destination: Pick<Destination, 'write'>,
  record: ClusterRecord,
  options: CallOptions,
): Promise<Outcome<undefined>> {
  const json = `${JSON.stringify(clusterRecord.parse(record), undefined, 2)}\n`;
  return await destination.write(clusterRecordKey(record.clusterUid), new TextEncoder().encode(json), options);
}

/** Lists all clusters that have ever shown a sign of life, and when. */
export async function listClusters(
  destination: Pick<Destination, 'list'>,
  options: CallOptions,
): Promise<Outcome<ClustersHeard>> {
  const entries = await destination.list(FOLDER, options);
  if (!entries.ok) return entries;
  const heard = new Map<string, number>();
  for (const { key, modifiedAt } of entries.value) {
    const name = key.slice(FOLDER.length);
    if (!name.endsWith('.json')) continue;
    const milliseconds = Date.parse(modifiedAt);
    if (Number.isNaN(milliseconds)) return failure('BadResponse', `the store gives no time for ${key}`);
    heard.set(name.slice(0, -'.json'.length), milliseconds);
  }
  return success(heard);
}
