import { ACCEPT_RESTORE_ANNOTATION, RESTORE_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { RestoreFinding } from '../../api/snapshot.ts';
import { type ClaimRecord, earlierBackup } from '../../destinations/ledger.ts';
import { standingDecision } from '../../domain/decision-token.ts';
import { unrestoredBackup } from '../../domain/unrestored-backup.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, warn } from '../context.ts';
import type { BackupScene } from './backup.ts';
import type { Protection } from './observe.ts';

const MINIMUM_DIGITS = 8;

/**
 * What the claim's restore, or the want of one, left for a person to answer, until the claim's annotation does. It outlives the
 * restore that found it.
 */
export function standingFinding(
  { claim, restore }: Pick<Protection, 'claim' | 'restore'>,
  before: Pick<ProtectedVolumeStatus, 'restoreFinding'>,
): Pick<ProtectedVolumeStatus, 'restoreFinding'> {
  const found = restore === undefined ? before.restoreFinding : restore.status?.finding;
  return found === undefined || found.kind === 'Held' || isAnswered(claim, found) ? {} : { restoreFinding: found };
}

function isAnswered({ metadata }: PersistentVolumeClaim, { kind, restoredId, newerId }: RestoreFinding): boolean {
  const answer = metadata.annotations?.[ACCEPT_RESTORE_ANNOTATION] ?? '';
  const named = kind === 'NotRestored' ? newerId : restoredId;
  return answer.length >= MINIMUM_DIGITS && named?.startsWith(answer) === true;
}

/** That a claim began without the backups of an earlier one: where that was not found before, and nobody has answered it. */
export function unrestoredFinding(
  { protection: { claim, restoredByUs }, before }: Pick<BackupScene, 'protection' | 'before'>,
  record: ClaimRecord | undefined,
  now: string,
): RestoreFinding | undefined {
  if (before?.restoreFinding !== undefined) return undefined;
  const { annotations, uid, creationTimestamp } = claim.metadata;
  const found = unrestoredBackup({
    decision: standingDecision(annotations, creationTimestamp),
    restoredByUs,
    asked: annotations?.[RESTORE_ANNOTATION],
    earlier: earlierBackup(record, uid),
  });
  if (found === undefined) return undefined;
  const finding = { kind: 'NotRestored', ...found, time: now } as const;
  return isAnswered(claim, finding) ? undefined : finding;
}

/**
 * Tells a claim what its restore has left to be answered: each process once, whatever is recorded. Whoever told it before may have
 * died with the word on its lips, and a claim with older data than there is must not go without it.
 */
export class FindingTeller {
  readonly #context: ControllerContext;
  /** What was said to a claim, by its UID. */
  readonly #said = new Map<string, string>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  tell(claim: PersistentVolumeClaim, { restoreFinding }: Pick<ProtectedVolumeStatus, 'restoreFinding'>): void {
    const { uid } = claim.metadata;
    if (restoreFinding === undefined) {
      this.forget(uid);
      return;
    }
    const { kind, message } = restoreFinding;
    if (this.#said.get(uid) === message) return;
    this.#said.set(uid, message);
    warn(this.#context, claim, kind, message);
  }

  /** The claim is gone, or is not looked after any more. */
  forget(claimUID: string): void {
    this.#said.delete(claimUID);
  }
}
