import { ACCEPT_RESTORE_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, warn } from '../context.ts';
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
