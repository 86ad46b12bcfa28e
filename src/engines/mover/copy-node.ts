import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { PODS_BY_CLAIM, SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import type { BackupContext } from './backup-context.ts';

/** Whether volumes of a claim's class are made once a node is chosen for them. */
export const awaitsNode = ({ stores }: Pick<BackupContext, 'stores'>, { spec }: PersistentVolumeClaim): boolean =>
  stores.storageClasses.get(spec.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer';

/**
 * A node that can use a claim's volume, and so a copy of it: that of a pod which does, else the one that was chosen when the volume
 * was made, which may have gone since. Undefined where neither is known.
 */
export function nodeOf(
  { stores }: Pick<BackupContext, 'stores'>,
  { metadata }: PersistentVolumeClaim,
): string | undefined {
  const nodes = stores.pods.byIndex(PODS_BY_CLAIM, objectKey(metadata)).map(({ spec }) => spec.nodeName);
  return nodes.find((node) => node !== undefined) ?? metadata.annotations?.[SELECTED_NODE_ANNOTATION];
}
