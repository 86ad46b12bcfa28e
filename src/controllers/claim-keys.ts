import type { VolumeRestore } from '../api/volume-restore.ts';
import type { PersistentVolumeClaim, Pod } from '../kube/model/built-in-kinds.ts';
import { objectKey } from '../kube/model/kind.ts';

export const keyOfClaim = ({ metadata }: PersistentVolumeClaim): string => objectKey(metadata);

/** The claims that a pod mounts. */
export const claimKeysOfPod = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined
      ? []
      : [objectKey({ namespace: pod.metadata.namespace, name: persistentVolumeClaim.claimName })],
  );

/** The claim that waits for a restore. */
export const claimKeyOfRestore = (restore: VolumeRestore): string[] => [
  objectKey({ namespace: restore.metadata.namespace, name: restore.spec.claimName }),
];
