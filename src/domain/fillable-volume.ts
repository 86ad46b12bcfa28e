import { API_GROUP } from '../api/group.ts';

/** Set by a person on a volume that was made beforehand: a restore may fill it, provided that it is empty. */
export const MAY_FILL_ANNOTATION = `${API_GROUP}/may-fill`;

/** What a restore asks of a PersistentVolume's annotations. */
export type VolumeAnnotations = Readonly<Record<string, string>>;

/** Set by every provisioner on the volumes that it makes (sig-storage-lib-external-provisioner v11, controller.go). */
export const PROVISIONED_BY_ANNOTATION = 'pv.kubernetes.io/provisioned-by';
/**
 * Set by the volume controller and the scheduler where it was they who put the claim into the volume's claimRef. A
 * provisioner makes the volume with its claimRef in it, so that this stays absent (component-helpers v0.34,
 * storage/volume/pv_helpers.go, GetBindVolumeToClaim).
 */
export const BOUND_BY_CONTROLLER_ANNOTATION = 'pv.kubernetes.io/bound-by-controller';

/** What is to be known of a PersistentVolume before anything is written into it. */
export interface VolumeFacts {
  readonly annotations: VolumeAnnotations;
  /** UID in the volume's claimRef. */
  readonly claimUID?: string | undefined;
}

export type FillVerdict =
  /** A provisioner made it for this very claim. */
  | { readonly kind: 'made' }
  /** It was there before, and its owner offers it to restores. */
  | { readonly kind: 'offered' }
  /** It was there before, and may hold anything: not to be touched. */
  | { readonly kind: 'foreign' }
  /** It is not the claim's at all. */
  | { readonly kind: 'unbound' };

/**
 * Whether a restore may write into the volume that a prime claim is bound to. A volume that a provisioner made for another
 * claim, and that was set free since, keeps the provisioner's annotation: it is as foreign as one made by hand.
 */
export function judgeVolume({ annotations, claimUID }: VolumeFacts, primeClaimUID: string): FillVerdict {
  if (claimUID !== primeClaimUID) return { kind: 'unbound' };
  if (isMadeForItsClaim(annotations)) return { kind: 'made' };
  return { kind: isOffered(annotations) ? 'offered' : 'foreign' };
}

/** Whether a provisioner made a volume for the claim that it names, or has named last. */
export const isMadeForItsClaim = (annotations: VolumeAnnotations): boolean =>
  annotations[PROVISIONED_BY_ANNOTATION] !== undefined && annotations[BOUND_BY_CONTROLLER_ANNOTATION] === undefined;

export const isOffered = (annotations: VolumeAnnotations): boolean => annotations[MAY_FILL_ANNOTATION] === 'true';
