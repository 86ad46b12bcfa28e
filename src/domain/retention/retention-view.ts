import type { MaintenanceStatus } from '../../api/maintenance.ts';

/** How the retention of a claim stands, for people. */
export interface RetentionView {
  readonly status: 'True' | 'False';
  readonly reason: 'Applied' | 'RemovalHeld' | 'PruningRefused' | 'MaintenanceFailing';
  readonly message: string;
}

const describeBytes = (bytes: number | undefined): string =>
  bytes === undefined ? '' : `, which freed ${bytes} bytes`;

function applied({ time = '', removed }: MaintenanceStatus): string {
  const last =
    removed === undefined
      ? 'No snapshot has been removed so far.'
      : `The last time that snapshots were removed, ${removed.time}, ${removed.snapshots} went${describeBytes(removed.freedBytes)}.`;
  return `At ${time} the repository held what the tier keeps, and nothing else. ${last}`;
}

/**
 * Says how the retention of a claim stands.
 *
 * @param nextTry RFC 3339: when it is tried again by itself.
 */
export function viewRetention(maintenance: MaintenanceStatus, tier: string, nextTry: string): RetentionView {
  const { held, failure } = maintenance;
  if (failure?.kind === 'Refused') {
    return {
      status: 'False',
      reason: 'PruningRefused',
      message:
        `The store does not let this key delete (${failure.message}), so no snapshot is removed, whatever the tier's retention says, and the ` +
        "repository grows; backups go on. If that is not meant, allow s3:DeleteObject below the destination's prefix, then set annotation " +
        'rebound.dev/maintain-now to a new value; if it is, no lifecycle rule may remove what a repository still needs. ' +
        `It is tried again by itself at ${nextTry}.`,
    };
  }
  if (failure !== undefined) {
    return {
      status: 'False',
      reason: 'MaintenanceFailing',
      message: `Old snapshots were not removed: ${failure.message.replace(/\.+$/, '')}. Backups go on, and the repository grows meanwhile. It is tried again at ${nextTry}, or with a new value of annotation rebound.dev/maintain-now.`,
    };
  }
  if (held !== undefined) {
    return {
      status: 'False',
      reason: 'RemovalHeld',
      message: `Tier ${tier} would remove ${held.snapshots} of ${held.of} snapshots, more than half, by rules that were changed or are new to this claim: none is removed. If that is right, set annotation rebound.dev/accept-removal: "${held.since}" on the claim; if not, change spec.retention of the tier.`,
    };
  }
  return { status: 'True', reason: 'Applied', message: applied(maintenance) };
}

/** One that is broken off now and then, for what comes first, is nothing to be told: it is tried again. */
const OFTEN_BROKEN_OFF = 3;

/** Whether what a maintenance left is to be told, given what was recorded before. A failure is told each time: the next is later. */
export function isRetentionNews(before: MaintenanceStatus, { failure, held }: MaintenanceStatus): boolean {
  if (failure === undefined) return held !== undefined && held.since !== before.held?.since;
  const isTold = failure.kind !== 'BrokenOff' || failure.times >= OFTEN_BROKEN_OFF;
  return isTold && failure.time !== before.failure?.time;
}
