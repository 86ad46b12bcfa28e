/** A volume that a prime claim took and that must be given back with its files. */
export interface TakenVolume {
  readonly reclaimPolicy?: string | undefined;
  /** The policy that it had before, where the first step was taken. */
  readonly formerReclaimPolicy?: string | undefined;
  /** UID in its claimRef. */
  readonly claimUID?: string | undefined;
  readonly phase?: string | undefined;
}

export type LetGoStep =
  /** Remember its reclaim policy and set it to Retain: nothing may happen to it when the prime claim goes. */
  | 'retain'
  /** Delete the prime claim, and wait until the volume controller has seen it. */
  | 'release'
  /** Take the claim out of its claimRef and give it its policy back: it is Available, as it was. */
  | 'free'
  /** It names the prime claim no more. */
  | 'done';

/**
 * The next step towards a volume that is as it was before a prime claim took it. All that must be remembered in between is
 * on the volume, so that whoever comes later goes on. The volume controller does nothing to a volume of policy Retain and
 * acts only on Released ones; it writes that phase first, which fails on a copy that has the older policy still
 * (pkg/controller/volume/persistentvolume/pv_controller.go, syncVolume, 1.34).
 */
export function nextLetGoStep(volume: TakenVolume, primeClaimUID: string): LetGoStep {
  if (volume.claimUID !== primeClaimUID) return 'done';
  if (volume.formerReclaimPolicy === undefined || volume.reclaimPolicy !== 'Retain') return 'retain';
  return volume.phase === 'Released' || volume.phase === 'Failed' ? 'free' : 'release';
}
