import { persistentVolumes, pods, type PersistentVolume } from '../../../src/kube/model/built-in-kinds.ts';
import { staticVolumesFolder } from '../../cluster/provider.ts';
import { applicationContainers } from './application.ts';
import type { Workspace } from './workspace.ts';

export interface StaticVolumeOptions {
  /** `static` if not given; `''` for volumes of no class. */
  readonly storageClassName?: string;
  readonly reclaimPolicy?: 'Retain' | 'Delete' | 'Recycle';
  /** 64Mi if not given. */
  readonly capacity?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
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
  const ref = { name: fullNameOf(workspace, name) };
  const { annotations, labels } = options;
  workspace.onEnd(() => workspace.client.delete(persistentVolumes, ref));
  return workspace.client.create(persistentVolumes, {
    metadata: {
      ...ref,
      ...(annotations === undefined ? {} : { annotations }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      capacity: { storage: options.capacity ?? '64Mi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: options.reclaimPolicy ?? 'Retain',
      storageClassName: options.storageClassName ?? 'static',
      hostPath: hostPathOf(workspace, name),
    },
  });
}

const fullNameOf = ({ namespace }: Workspace, name: string): string => `${namespace}-${name}`;

const hostPathOf = (workspace: Workspace, name: string) => ({
  path: `${staticVolumesFolder}/${fullNameOf(workspace, name)}`,
  type: 'DirectoryOrCreate',
});

/**
 * Starts a pod that writes files into a static volume's folder, if it is empty, and goes on looking into it, past Kubernetes: no claim
 * is bound to the volume by that.
 */
export async function startBesideVolume(workspace: Workspace, volumeName: string, podName: string): Promise<void> {
  await workspace.client.create(pods, {
    metadata: { name: podName, namespace: workspace.namespace },
    spec: {
      ...applicationContainers({}),
      restartPolicy: 'Never',
      volumes: [{ name: 'data', hostPath: hostPathOf(workspace, volumeName) }],
    },
  });
}
