import { TIER_LABEL } from '../../api/labels.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import { EXCLUDED_NAMESPACES } from '../../domain/excluded-namespaces.ts';
import { helperReason } from '../../domain/helper-claims.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { claimFactsOf } from '../claim-facts.ts';
import { type ControllerContext, warn } from '../context.ts';

/** Keeps the controller's hands off claims that admission leaves alone too, although they have the label. */
export class LeftAloneClaims {
  readonly #context: ControllerContext;
  readonly #excludedNamespaces: ReadonlySet<string>;
  /** UIDs of the claims of system namespaces that were told since this process began. */
  readonly #told = new Set<string>();

  constructor(context: ControllerContext, excludedNamespaces: readonly string[] = EXCLUDED_NAMESPACES) {
    this.#context = context;
    this.#excludedNamespaces = new Set(excludedNamespaces);
  }

  isExcluded(namespace: string): boolean {
    return this.#excludedNamespaces.has(namespace);
  }

  /** Says once to a labelled claim of a system namespace that its label means nothing there. */
  tellExcluded(claim: PersistentVolumeClaim | undefined): void {
    if (claim === undefined || this.isHelper(claim) || this.#told.has(claim.metadata.uid)) return;
    this.#told.add(claim.metadata.uid);
    const { namespace } = claim.metadata;
    const message = `Label ${TIER_LABEL} has no effect in namespace ${namespace}, which Kubernetes or Rebound itself needs: the claim is neither backed up nor restored. Keep the data in another namespace.`;
    warn(this.#context, claim, 'ExcludedNamespace', message);
  }

  isHelper(claim: PersistentVolumeClaim): boolean {
    return helperReason(claimFactsOf(claim)) !== undefined;
  }

  /** A helper claim that some earlier version, or another label, had protected is protected no more. */
  async releaseHelper(volume: ProtectedVolume | undefined): Promise<void> {
    if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) return;
    await this.#context.client.delete(protectedVolumes, volume.metadata, { propagationPolicy: 'Background' });
  }
}
