import { API_GROUP } from '../api/group.ts';

/** On a volume that is being let go of, or whose files are kept: the reclaim policy that it had. */
export const FORMER_POLICY_ANNOTATION = `${API_GROUP}/former-reclaim-policy`;

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

/** A volume that a prime claim has taken, or had. */
export interface QuestionedVolume {
  /** Whether a provisioner made it for the claim that it names. */
  readonly isMade: boolean;
  /** Whether its owner offers it to restores. */
  readonly isOffered: boolean;
  /** Whether its files are kept by us: its own reclaim policy is remembered on it. */
  readonly isKept: boolean;
  /** The prime claim that it names, if any. */
  readonly prime: 'none' | 'present' | 'gone';
}

export type ReturnStep =
  | 'nothing'
  /** Let nothing happen to its files: its claim is there, and may go at any time. */
  | 'keepFiles'
  /** Make it Available again, with its own reclaim policy. */
  | 'letGo'
  /** It is free, or another claim's: only its own reclaim policy is owed. */
  | 'givePolicyBack';

/**
 * What is owed to a volume whatever became of the restore that took it. One that a provisioner has made lives and ends as
 * its class wants; where it holds somebody's files, it stays with them. An offered one that is not kept was found empty.
 */
export function nextReturnStep({ isMade, isOffered, isKept, prime }: QuestionedVolume): ReturnStep {
  if (isMade) return 'nothing';
  switch (prime) {
    case 'none':
      return isKept ? 'givePolicyBack' : 'nothing';
    case 'present':
      return isOffered ? 'nothing' : 'keepFiles';
    case 'gone':
      return isOffered && !isKept ? 'nothing' : 'letGo';
  }
}
