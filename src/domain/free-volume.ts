/** What the volume controller compares of a claim and a volume that nobody claims. */
export interface VolumeSize {
  /** Empty for "no class". */
  readonly storageClassName: string;
  readonly bytes: number;
  readonly accessModes: readonly string[];
  readonly volumeMode: string;
}

/** An Available volume that names no claim. */
export interface FreeVolume extends VolumeSize {
  readonly name: string;
  /** Whether its owner offers it to restores. */
  readonly isOffered: boolean;
}

/**
 * Whether a claim without a selector may be given a free volume in place of a new one: it is of its class and mode, has all
 * its access modes and is large enough (component-helpers v0.34, storage/volume/pv_helpers.go, FindMatchingVolume). Where it
 * can be used from is not compared there either, unless a pod waits for it.
 */
export const fits = (volume: FreeVolume, wanted: VolumeSize): boolean =>
  volume.storageClassName === wanted.storageClassName &&
  volume.volumeMode === wanted.volumeMode &&
  volume.bytes >= wanted.bytes &&
  wanted.accessModes.every((mode) => volume.accessModes.includes(mode));

/**
 * The volume that a prime claim would take though it may hold anything: nothing is made while it lies ready. Undefined where
 * none fits, and where an offered one fits too: which of them is taken is seen then.
 */
export function foreignVolumeInTheWay(free: readonly FreeVolume[], wanted: VolumeSize): FreeVolume | undefined {
  const fitting = free.filter((volume) => fits(volume, wanted));
  return fitting.some((volume) => volume.isOffered) ? undefined : fitting[0];
}
