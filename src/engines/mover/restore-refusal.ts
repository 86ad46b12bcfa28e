import { speaksOfClaim } from '../../domain/templated-class.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import type { MoverContext } from './context.ts';
import { imageRefusal } from './image-refusal.ts';

/**
 * Why movers of our own can't restore a claim, a clause: a claim among them would get another volume, or they could not look into it
 * first. Undefined where they can.
 */
export function restoreRefusal(context: MoverContext, claim: PersistentVolumeClaim): string | undefined {
  return imageRefusal(context) ?? volumeRefusal(context, claim);
}

function volumeRefusal({ stores }: MoverContext, { metadata, spec }: PersistentVolumeClaim): string | undefined {
  const { storageClassName } = spec;
  if (storageClassName === undefined || storageClassName === '') return 'the claim has no storage class';
  const storageClass = stores.storageClasses.get(storageClassName);
  if (storageClass === undefined) return `StorageClass ${storageClassName} does not exist`;
  const words = `volumes of class ${storageClassName}`;
  if (speaksOfClaim(storageClass.parameters ?? {})) return `${words} are named after their claim and its namespace`;
  const node = metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  const isPlaced = storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || node !== undefined;
  return isPlaced ? undefined : `no provisioner makes ${words}: which one it is depends on the pod that uses it`;
}
