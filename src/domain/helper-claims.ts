import { PRIME_ROLE, ROLE_LABEL } from '../api/labels.ts';
import type { ClaimFacts } from './claim.ts';

/** VolSync puts this label on all it makes (internal/controller/utils/cleanup.go, v0.14); its value is `volsync`. */
export const CREATED_BY_LABEL = 'app.kubernetes.io/created-by';

/** Why something is not done with a claim: a word for machines, and a sentence. */
export interface Reason {
  readonly reason: string;
  readonly message: string;
}

/**
 * Why a claim never has backups, whatever its labels say; undefined for any other. A policy that labels every claim labels
 * these too: were the engine's own claims protected, each would get a schedule, whose cache is a claim again, without end. And
 * populators copy a claim's labels to the one that they fill in its place (CDI's prime claims, which the claim owns).
 *
 * Webhook and controller decide by this; the admission policies in policies/ say the same in CEL.
 */
export function helperReason({ labels, ownerKinds }: Pick<ClaimFacts, 'labels' | 'ownerKinds'>): Reason | undefined {
  if (ownerKinds.includes('Pod')) {
    return { reason: 'Ephemeral', message: 'The claim lives and dies with its pod: it has no backups.' };
  }
  if (ownerKinds.includes('PersistentVolumeClaim')) {
    return { reason: 'PartOfClaim', message: 'The claim serves another one that is being filled, and goes with it.' };
  }
  if (labels[CREATED_BY_LABEL] === 'volsync') {
    return { reason: 'EngineHelper', message: "The claim is the backup engine's own." };
  }
  if (labels[ROLE_LABEL] === PRIME_ROLE) {
    return { reason: 'PrimeClaim', message: "The claim is Rebound's own: a restored volume passes through it." };
  }
  return undefined;
}
