import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { Destination } from '../../destinations/destination.ts';
import { readLedger, writeLedger } from '../../destinations/ledger.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

/**
 * Notes in the ledger that this cluster writes a claim's backups no more, so that another need not wait until it is taken for
 * dead. It is a courtesy: where it fails, the other one finds out by itself.
 */
export async function releaseClaim(context: ControllerContext, volume: ProtectedVolume): Promise<void> {
  const { clusterUid, now, log } = context;
  const { namespace = '' } = volume.metadata;
  const { claimName } = volume.spec;
  const destination = volume.status?.owner === clusterUid ? destinationOf(context, volume) : undefined;
  if (destination === undefined) return;
  const ledger = await readLedger(destination, { namespace, claim: claimName }, options);
  const record = ledger.ok ? ledger.value : undefined;
  const owner = record?.owner;
  if (record === undefined || owner?.clusterUid !== clusterUid || owner.releasedAt !== undefined) return;
  const releasedAt = rfc3339(now());
  const released = { ...record, owner: { ...owner, releasedAt }, recordedAt: releasedAt };
  const written = await writeLedger(destination, released, options);
  if (!written.ok) log.warn({ claim: `${namespace}/${claimName}` }, `could not give the claim up: ${written.message}`);
}

function destinationOf({ stores, catalog }: ControllerContext, { spec }: ProtectedVolume): Destination | undefined {
  const policy = stores.policies.get(spec.policyName);
  const opened = policy === undefined ? undefined : catalog.open(policy.spec.destination);
  return opened?.ok === true ? opened.destination : undefined;
}
