import { ACCEPT_RESTORE_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { Protection } from './observe.ts';

const MINIMUM_DIGITS = 8;

/**
 * What the claim's restore left for a person to answer, until the claim's annotation does. It outlives the restore that
 * found it.
 */
export function standingFinding(
  { claim, restore }: Pick<Protection, 'claim' | 'restore'>,
  before: Pick<ProtectedVolumeStatus, 'restoreFinding'>,
): Pick<ProtectedVolumeStatus, 'restoreFinding'> {
  const found = restore === undefined ? before.restoreFinding : restore.status?.finding;
  if (found?.kind !== 'OlderRestored') return {};
  const answer = claim.metadata.annotations?.[ACCEPT_RESTORE_ANNOTATION] ?? '';
  const isAccepted = answer.length >= MINIMUM_DIGITS && found.restoredId?.startsWith(answer) === true;
  return isAccepted ? {} : { restoreFinding: found };
}
