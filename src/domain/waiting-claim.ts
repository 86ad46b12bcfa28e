import { RESTORE_ANNOTATION, WAITS_FOR_LABEL } from '../api/labels.ts';
import type { ClaimFacts, SelectorFacts } from './claim.ts';

/** What the cluster could bind a claim to, as far as its class tells. */
export interface StorageFacts {
  /** Of the claim's class. Absent for a claim without a class, and for a class that does not exist (yet). */
  readonly provisioner?: string | undefined;
  /** Whether the cluster has a CSIDriver of the provisioner's name. */
  readonly isCSIDriver: boolean;
  /** Whether the class has an Available volume that is not reserved for some other claim. */
  readonly hasAvailableVolume: boolean;
  /** The volume whose claimRef names this claim, without a UID: it binds whatever the claim's selector says. */
  readonly reservedVolume?: string | undefined;
}

/** How a claim can wait, unbound, for its restore. */
export type Waiting =
  /** By its data source alone: a CSI provisioner leaves it to us, and there is no volume that could be bound. */
  | { readonly kind: 'bySource'; readonly warnings: readonly string[] }
  /** By a selector that nothing matches, besides. */
  | { readonly kind: 'bySelector'; readonly warnings: readonly string[] }
  /** Not at all, as far as is known: it would bind blank. */
  | { readonly kind: 'impossible'; readonly message: string };

/** Whether a selector is the one that admission gives to claims that wait, and nobody else's. */
export function isWaitingSelector(selector: SelectorFacts | undefined): boolean {
  if (selector === undefined || selector.expressions > 0) return false;
  const keys = Object.keys(selector.matchLabels);
  return keys.length === 1 && keys[0] === WAITS_FOR_LABEL;
}

/** Whether a selector is a user's. An empty one chooses nothing. */
export const isOwnSelector = (selector: SelectorFacts | undefined): boolean =>
  selector !== undefined &&
  (selector.expressions > 0 || Object.keys(selector.matchLabels).length > 0) &&
  !isWaitingSelector(selector);

const LOCAL_PATH = 'rancher.io/local-path';

/**
 * Provisioners without a CSI driver that make no volume for a claim with a selector: those inside Kubernetes, which refuse a
 * data source too, `kubernetes.io/no-provisioner` among them (pkg/controller/volume/persistentvolume, provisionClaimOperation), local-path (provisioner.go, v0.0.30)
 * and the NFS one that makes a folder for each claim (cmd/nfs-subdir-external-provisioner). The last is named after its
 * release when Helm installs it.
 */
const refusesSelector = (provisioner: string): boolean =>
  provisioner.startsWith('kubernetes.io/') ||
  provisioner === LOCAL_PATH ||
  provisioner.endsWith('nfs-subdir-external-provisioner');

/**
 * Whether a provisioner is a CSI driver's by its name: on a cluster that is built anew, claims may come before the driver that
 * announces itself by a CSIDriver. The sidecar csi-provisioner leaves a claim with a source that it does not know alone, and
 * refuses a selector too (external-provisioner, pkg/controller: ShouldProvision, prepareProvision).
 */
export const isNamedAsCSIDriver = (provisioner: string): boolean =>
  /(^|[.-])csi([.-]|$)/.test(provisioner) || ['driver.longhorn.io', 'topolvm.io'].includes(provisioner);

/** Local-path gives a volume to several nodes only where its folder is shared by them, and looks at no selector there. */
const isSharedLocalPath = (provisioner: string, accessModes: readonly string[]): boolean =>
  provisioner === LOCAL_PATH && accessModes.some((mode) => mode.endsWith('Many'));

/** Terraform's provider writes as `HashiCorp` (its user agent), its kubernetes_manifest as `Terraform`. */
const isTerraforms = ({ managers = [] }: Pick<ClaimFacts, 'managers'>): boolean =>
  managers.some((manager) => /terraform|hashicorp|opentofu/i.test(manager));

const REPLACED_BY_TERRAFORM =
  'Terraform would replace the claim, and delete its volume, for the selector that it gets while it waits: add "spec[0].selector" to lifecycle.ignore_changes.';
const LEFT_TO_TERRAFORM =
  "The claim's class has an Available volume, which may take the claim before its restore: reserve it, or take it away. Terraform replaces claims whose selector changes, so none was set.";

/**
 * Decides how a claim waits. The reference to our VolumeRestore keeps provisioners for CSI drivers away, and no others; a
 * volume that exists is bound without a look at it (component-helpers, storage/volume/pv_helpers.go: FindMatchingVolume).
 * A selector that nothing matches keeps both away, and not the volume whose claimRef names the claim, by which a restored
 * volume is handed over.
 */
export function howToWait(
  storage: StorageFacts,
  claim: Pick<ClaimFacts, 'accessModes' | 'managers' | 'storageClassName'>,
): Waiting {
  const { provisioner, isCSIDriver, hasAvailableVolume } = storage;
  const byTerraform = isTerraforms(claim);
  if (isCSIDriver) {
    if (!hasAvailableVolume) return { kind: 'bySource', warnings: [] };
    return byTerraform ? { kind: 'bySource', warnings: [LEFT_TO_TERRAFORM] } : { kind: 'bySelector', warnings: [] };
  }
  const cannot = provisioner === undefined ? undefined : whyNot(provisioner, claim);
  if (cannot !== undefined) return { kind: 'impossible', message: cannot };
  return { kind: 'bySelector', warnings: byTerraform ? [REPLACED_BY_TERRAFORM] : [] };
}

function whyNot(
  provisioner: string,
  { accessModes = [], storageClassName = '' }: Pick<ClaimFacts, 'accessModes' | 'storageClassName'>,
): string | undefined {
  const way = `Choose another class, or start blank with annotation ${RESTORE_ANNOTATION}: none.`;
  if (isSharedLocalPath(provisioner, accessModes)) {
    return `its class ${storageClassName} shares a folder between nodes, where ${provisioner} would give it a blank volume at once. ${way}`;
  }
  if (refusesSelector(provisioner) || isNamedAsCSIDriver(provisioner)) return undefined;
  return `the provisioner of its class ${storageClassName}, ${provisioner}, is no CSI driver of this cluster (there is no CSIDriver of that name) and might give it a blank volume at once. If it is one, install its driver first. ${way}`;
}
