import { fits, foreignVolumeInTheWay, type FreeVolume, type VolumeSize } from '../domain/free-volume.ts';
import { isOffered } from '../domain/fillable-volume.ts';
import type { ReadableStore } from '../kube/cache/store.ts';
import {
  NO_PROVISIONER,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../kube/model/built-in-kinds.ts';
import { parseQuantity } from '../kube/model/quantity.ts';

/** Index of the volumes that any claim of a class may take, by the class's name; empty for "no class". */
export const FREE_VOLUMES_BY_CLASS = 'class';

const DEFAULT_VOLUME_MODE = 'Filesystem';

/** What is looked at, of local copies. */
export interface VolumeStores {
  readonly storageClasses: ReadableStore<StorageClass>;
  readonly volumes: ReadableStore<PersistentVolume>;
}

/** What a claim asks for. */
type Wanted = Pick<PersistentVolumeClaim, 'spec'>;

/**
 * A volume that lies ready, was there before, is not offered to restores, and would be taken by a claim of that size in place of a new
 * one; undefined where there is none.
 */
export const foreignVolumeFor = (stores: VolumeStores, claim: Wanted, leastBytes = 0): FreeVolume | undefined =>
  foreignVolumeInTheWay(freeVolumes(stores, claim), sizeOf(claim.spec, leastBytes));

/** The same, whether it is offered to restores or not. */
export const freeVolumeFor = (stores: VolumeStores, claim: Wanted): FreeVolume | undefined =>
  freeVolumes(stores, claim).find((volume) => fits(volume, sizeOf(claim.spec, 0)));

function freeVolumes({ storageClasses, volumes }: VolumeStores, { spec }: Wanted): readonly FreeVolume[] {
  const { storageClassName = '', volumeAttributesClassName } = spec;
  if (volumeAttributesClassName !== undefined || !takesFreeVolumes(storageClasses.get(storageClassName))) return [];
  return volumes.byIndex(FREE_VOLUMES_BY_CLASS, storageClassName).map(toFreeVolume);
}

/**
 * A claim with a node that was chosen for its volume is given none but a new one: volume controller and scheduler both pass
 * over what is there (pv_controller.go, syncUnboundClaim; volumebinding/binder.go, FindPodVolumes, 1.34). Claims of ours in
 * classes that wait for a pod have such a node.
 */
const takesFreeVolumes = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode !== 'WaitForFirstConsumer' || storageClass.provisioner === NO_PROVISIONER;

const toFreeVolume = ({ metadata, spec }: PersistentVolume): FreeVolume => ({
  name: metadata.name,
  isOffered: isOffered(metadata.annotations ?? {}),
  storageClassName: spec.storageClassName ?? '',
  bytes: parseQuantity(spec.capacity?.['storage'] ?? '') ?? 0,
  accessModes: spec.accessModes ?? [],
  volumeMode: spec.volumeMode ?? DEFAULT_VOLUME_MODE,
});

const sizeOf = (spec: PersistentVolumeClaim['spec'], leastBytes: number): VolumeSize => ({
  storageClassName: spec.storageClassName ?? '',
  bytes: Math.max(leastBytes, parseQuantity(spec.resources?.requests?.['storage'] ?? '') ?? 0),
  accessModes: spec.accessModes ?? [],
  volumeMode: spec.volumeMode ?? DEFAULT_VOLUME_MODE,
});
