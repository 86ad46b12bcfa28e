import type { BackupPolicySpec } from '../../api/backup-policy.ts';
import type { ChoiceNote } from '../../domain/choice-facts.ts';
import { decideOwnership } from '../../domain/ownership.ts';
import { intervalSeconds } from '../../domain/schedule.ts';
import type { ClaimRecord } from '../../destinations/ledger.ts';
import type { ControllerContext } from '../context.ts';
import type { Resolution } from './resolve.ts';

/** Where a resolution comes from. */
export interface Origin {
  readonly destinationName: string;
  readonly policy: BackupPolicySpec;
}

/** Why another cluster may be writing the backups that a record speaks of; absent where none is. */
export function foreignOwner(
  { clusterUid, presence, now }: ControllerContext,
  { destinationName, policy }: Origin,
  { owner }: ClaimRecord,
): string | undefined {
  if (owner === undefined) return undefined;
  const signOfLife = presence.signOfLife(destinationName, owner.clusterUid, now());
  const intervalMilliseconds = 1000 * intervalSeconds(policy.schedule);
  const ownership = decideOwnership({ clusterUid, owner, signOfLife, intervalMilliseconds });
  return ownership.kind === 'foreign' ? ownership.message : undefined;
}

/** The resolution with what is to be said, or waited for, because another living cluster writes the claim's backups. */
export function heedingOwner(context: ControllerContext, origin: Origin, resolution: Resolution): Resolution {
  if (resolution.kind !== 'snapshot' || resolution.record === undefined) return resolution;
  const why = foreignOwner(context, origin, resolution.record);
  if (why === undefined) return resolution;
  if (origin.policy.restore.foreign === 'Hold') {
    const message = `${why}, and the BackupPolicy says spec.restore.foreign: Hold. The claim is restored once that cluster has given it up or is silent for 10 minutes`;
    return { kind: 'wait', reason: 'ForeignOwner', message, isQuestion: false };
  }
  return { ...resolution, note: withForeign(resolution.note, why) };
}

function withForeign(note: ChoiceNote | undefined, why: string): ChoiceNote {
  const message = `${why.charAt(0).toUpperCase()}${why.slice(1)}: what it writes from now on does not come here, and this cluster does not back the claim up.`;
  if (note === undefined || note.kind === 'notice') return { kind: 'warning', message };
  return { ...note, message: `${note.message} ${message}` };
}
