import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { ControllerContext } from '../context.ts';
import type { BackupScene } from './backup.ts';
import { type BackupFindings, nothingFound } from './findings.ts';
import type { Protection } from './observe.ts';
import type { BackupOwnership } from './own-backups.ts';
import { ownershipOf } from './schedule-owner.ts';
import { keepEverything, pauseSchedule } from './write-schedule.ts';

/** After it could not be told whose the backups are. */
const ASK_OWNER_AGAIN_MILLISECONDS = 10_000;
/** Until the destination was shown that this cluster lives, which a controller does first of all. */
const PRESENCE_MILLISECONDS = 2_000;
/** While another cluster writes the backups. */
const FOREIGN_AGAIN_MILLISECONDS = 60_000;

/** This cluster must not back up, or does not know whether it may. */
export async function standAside(
  context: ControllerContext,
  { protection, volume }: BackupScene,
  ownership: Exclude<BackupOwnership, { kind: 'ours' }>,
): Promise<BackupFindings> {
  const { source } = protection;
  if (ownership.kind === 'unknown') return await goOnUnseen(context, protection, volume, notOurs(ownership));
  const isSilenced = ownership.kind === 'silenced' && source !== undefined;
  if (isSilenced && ownershipOf(source, volume) === 'ours') await pauseSchedule(context, source);
  return notOurs(ownership);
}

/**
 * What the engine does can't be judged for now: it goes on by itself, and must not remove what may be needed. Where this
 * cluster can't show that it lives, it does not go on: another may take the claim over.
 */
export async function goOnUnseen(
  context: ControllerContext,
  { source, policy }: Protection,
  volume: ProtectedVolume,
  findings: BackupFindings,
): Promise<BackupFindings> {
  if (source === undefined || ownershipOf(source, volume) !== 'ours') return findings;
  const isSilenced =
    policy !== undefined && context.presence.mayBackUp(policy.spec.destination, context.now()).kind === 'refused';
  await (isSilenced ? pauseSchedule : keepEverything)(context, source);
  // A status without reasons is one of an earlier version, whose last run is still to be looked at again.
  const isKnown = volume.status?.pruningPausedBecause !== undefined;
  const reasons = isKnown ? { pruningPausedBecause: ['Unseen'] } : {};
  return { ...findings, status: { ...findings.status, pruningPaused: true, ...reasons } };
}

/** What is found where the backups are, or may be, another cluster's. */
export function notOurs(ownership: Exclude<BackupOwnership, { kind: 'ours' }>): BackupFindings {
  if (ownership.kind === 'pending') return { ...nothingFound, lookAgainMilliseconds: PRESENCE_MILLISECONDS };
  if (ownership.kind === 'unknown' || ownership.kind === 'silenced') {
    return {
      facts: { repositoryProblem: ownership.message },
      status: {},
      lookAgainMilliseconds: ASK_OWNER_AGAIN_MILLISECONDS,
    };
  }
  const { owner, message: foreignOwner } = ownership;
  return { facts: { foreignOwner }, status: { owner }, lookAgainMilliseconds: FOREIGN_AGAIN_MILLISECONDS };
}
