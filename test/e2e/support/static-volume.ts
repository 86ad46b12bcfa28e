import { persistentVolumes, type PersistentVolume } from '../../../src/kube/objects.ts';
import { staticVolumesFolder } from '../../cluster/provider.ts';
import type { Workspace } from './workspace.ts';

export interface StaticVolumeOptions {
  /** `static` if not given; `''` for volumes of no class. */
  readonly storageClassName?: string;
  readonly reclaimPolicy?: 'Retain' | 'Delete' | 'Recycle';
  /** 64Mi if not given. */
  readonly capacity?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Makes a volume by hand, as an administrator would: a folder of the node, empty until a pod writes into it, which the kubelet makes when
 * it is first used. The volume ends with the test; its folder stays unless Kubernetes deletes it.
 */
export async function createStaticVolume(
  workspace: Workspace,
  name: string,
  options: StaticVolumeOptions = {},
): Promise<PersistentVolume> {
  const fullName = `${workspace.namespace}-${name}`;
  const ref = { name: fullName };
  workspace.onEnd(() => workspace.client.delete(persistentVolumes, ref));
  return workspace.client.create(persistentVolumes, {
    metadata: { ...ref, ...(options.annotations === undefined ? {} : { annotations: options.annotations }) },
    spec: {
      capacity: { storage: options.capacity ?? '64Mi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: options.reclaimPolicy ?? 'Retain',
      storageClassName: options.storageClassName ?? 'static',
      hostPath: { path: `${staticVolumesFolder}/${fullName}`, type: 'DirectoryOrCreate' },
    },
  });
}
