import { ACCEPT_COLLAPSE_ANNOTATION, COLLAPSE_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { afterRuns, type BackupMemory } from '../../domain/backup-findings.ts';
import { intervalSeconds } from '../../domain/schedule.ts';
import { parseQuantity } from '../../kube/model/quantity.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { ControllerContext } from '../context.ts';
import type { BackupScene, BackupTools } from './backup.ts';
import { confirmBackups } from './confirm-backup.ts';
import type { EndedBackup } from './observe-backup.ts';
import { destinationIdOf } from './own-backups.ts';
import { type RecordedClaim, type RecordedRuns, recordRuns } from './record-runs.ts';

/** Confirms and records what has ended, and what its user has answered. Undefined when there is nothing of either. */
export async function settleBackups(
  { context, cache }: Pick<BackupTools, 'context' | 'cache'>,
  scene: BackupScene,
  ended: readonly EndedBackup[],
): Promise<RecordedRuns | undefined> {
  const { protection, before, access } = scene;
  const { namespace, name, annotations } = protection.claim.metadata;
  const acceptedCollapse = annotations?.[ACCEPT_COLLAPSE_ANNOTATION];
  const ignoreCollapse = annotations?.[COLLAPSE_ANNOTATION] === 'ignore';
  const isAnswered = before?.collapse !== undefined && (ignoreCollapse || acceptedCollapse !== undefined);
  if (ended.length === 0 && !isAnswered) return undefined;
  const nowMilliseconds = context.now();
  const confirmation = await confirmBackups(cache, access, {
    namespace,
    claimName: name,
    ended,
    nowMilliseconds,
  });
  if (confirmation.kind === 'unknown') return confirmation;
  return await recordRuns(access, {
    claim: recordedClaim(context, scene),
    before: confirmation.record,
    backups: confirmation.backups,
    lastBackup: before?.lastBackup,
    acceptedCollapse,
    recording: { writer: context.clusterUid, recordedAt: rfc3339(nowMilliseconds), ignoreCollapse },
  });
}

function recordedClaim(context: ControllerContext, scene: BackupScene): RecordedClaim {
  const { protection, policy, moverUser, before } = scene;
  const { claim, tier } = protection;
  return {
    namespace: claim.metadata.namespace,
    claim: claim.metadata.name,
    claimUid: claim.metadata.uid,
    policy: tier,
    mover: moverUser,
    intervalSeconds: intervalSeconds(policy.spec.schedule),
    destinationId: destinationIdOf(context, scene),
    volumeCapacityBytes: parseQuantity(claim.status?.capacity?.['storage'] ?? ''),
    isUnrestored: before?.restoreFinding?.kind === 'NotRestored',
  };
}

/** What the status remembers. */
export function memoryOf(before: ProtectedVolumeStatus | undefined): BackupMemory {
  const { lastBackup, lastFinding, collapse, copySavedAt } = before ?? {};
  return {
    ...(copySavedAt === undefined ? {} : { copySavedAt }),
    ...(lastBackup === undefined ? {} : { lastBackup }),
    ...(lastFinding === undefined ? {} : { lastFinding }),
    ...(collapse === undefined ? {} : { collapse }),
  };
}

export type Recorded = Extract<RecordedRuns, { kind: 'recorded' }>;

/**
 * What the ledger says of a collapse and of the last good backup holds; what is wrong with the newest run only we know, and no
 * answer to a collapse ends it.
 */
export function remembered(
  before: ProtectedVolumeStatus | undefined,
  { runs, collapse, lastBackup }: Recorded,
): BackupMemory {
  const { collapse: _wasOpen, ...known } = memoryOf(before);
  // An emptied volume that held backups is told as a collapse.
  const told = collapse === undefined ? runs : runs.filter((run) => run.kind !== 'empty');
  const after = afterRuns(known, told);
  const isNewer =
    lastBackup !== undefined && Date.parse(lastBackup.time) > Date.parse(after.lastBackup?.time ?? rfc3339(0));
  return {
    ...after,
    ...(isNewer ? { lastBackup } : {}),
    ...(collapse === undefined ? {} : { collapse }),
  };
}
