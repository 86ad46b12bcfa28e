import { isOffered } from '../../domain/fillable-volume.ts';
import { foreignVolumeInTheWay, type FreeVolume, type VolumeSize } from '../../domain/free-volume.ts';
import {
  NO_PROVISIONER,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../kube/model/built-in-kinds.ts';
import { parseQuantity } from '../../kube/model/quantity.ts';
import { FREE_VOLUMES_BY_CLASS } from '../stores.ts';
import { foreignVolumeAdvice } from './refused-volumes.ts';
import { hold, type Scene, type Stop, type Tools } from './scene.ts';

const DEFAULT_VOLUME_MODE = 'Filesystem';

/**
 * Before a prime claim is made: waits while a volume lies ready that was there before and that it would take. Undefined where
 * there is none. What becomes free later is given back when it is taken.
 */
export async function awaitNoForeignVolume(tools: Tools, scene: Scene): Promise<Stop | undefined> {
  const { claim, restore } = scene;
  const { storageClassName = '', volumeAttributesClassName } = claim.spec;
  const { storageClasses, volumes } = tools.context.stores;
  if (volumeAttributesClassName !== undefined || !takesFreeVolumes(storageClasses.get(storageClassName)))
    return undefined;
  const free = volumes.byIndex(FREE_VOLUMES_BY_CLASS, storageClassName).map(toFreeVolume);
  const inTheWay = foreignVolumeInTheWay(free, sizeOf(claim, restore.status?.volumeCapacityBytes));
  if (inTheWay === undefined) return undefined;
  return await hold(tools, scene, 'ForeignVolume', foreignVolumeAdvice(inTheWay.name));
}

/**
 * A claim with a node that was chosen for its volume is given none but a new one: volume controller and scheduler both pass
 * over what is there (pv_controller.go, syncUnboundClaim; volumebinding/binder.go, FindPodVolumes, 1.34). Prime claims of
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

const sizeOf = ({ spec }: PersistentVolumeClaim, leastBytes = 0): VolumeSize => ({
  storageClassName: spec.storageClassName ?? '',
  bytes: Math.max(leastBytes, parseQuantity(spec.resources?.requests?.['storage'] ?? '') ?? 0),
  accessModes: spec.accessModes ?? [],
  volumeMode: spec.volumeMode ?? DEFAULT_VOLUME_MODE,
});
