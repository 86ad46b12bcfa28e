import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../provider.ts';
import { pkiPaths } from './certificates.ts';
import { containerdSpec } from './containerd.ts';
import type { ControlPlaneLayout } from './control-plane-specs.ts';
import { apiServerSpec, controllerManagerSpec, etcdSpec, schedulerSpec } from './control-plane-specs.ts';
import type { ProgramName } from './go-programs.ts';
import { buildProgram, programPath } from './go-programs.ts';
import { kubeletSpec } from './kubelet.ts';
import type { ClusterFolders } from './layout.ts';
import { network, ports } from './layout.ts';
import { localPathSpec } from './local-path.ts';
import {
  csiDriverSpec,
  csiProvisionerSpec,
  csiResizerSpec,
  csiSnapshotterSpec,
  proxySpec,
  snapshotControllerSpec,
  volsyncSpec,
} from './node-specs.ts';
import type { PortUse } from './prerequisites.ts';
import type { ProcessSpec } from './process-folder.ts';
import { recyclerFlags } from './recycler.ts';
import { s3ServerSpec } from './s3-server.ts';

/** What the cluster itself runs; built on the first `up`. */
export const clusterPrograms = [
  'kubebox',
  'versitygw',
  'restic',
  'csi-provisioner',
  'csi-snapshotter',
  'snapshot-controller',
  'volsync',
  'csi-hostdir',
  'csi-resizer',
  'local-path',
  'pause',
  'coredns',
] as const satisfies readonly ProgramName[];

export const componentNames = [
  'etcd',
  'apiserver',
  'controller-manager',
  'scheduler',
  'containerd',
  'kubelet',
  'proxy',
  'csi-hostdir',
  'csi-ext4',
  'csi-nosnap',
  'csi-nofsgroup',
  'csi-provisioner',
  'csi-provisioner-ext4',
  'csi-provisioner-nosnap',
  'csi-provisioner-nofsgroup',
  'csi-snapshotter',
  'csi-snapshotter-ext4',
  'csi-snapshotter-nofsgroup',
  'csi-resizer',
  'snapshot-controller',
  'local-path',
  's3',
  'volsync',
] as const;
export type ComponentName = (typeof componentNames)[number];

const loopback = '127.0.0.1';

/** The ports each component listens on. */
export const portUses: readonly (PortUse & { readonly component: ComponentName })[] = [
  { component: 'etcd', address: loopback, port: ports.etcd },
  { component: 'etcd', address: loopback, port: ports.etcdPeer },
  { component: 'apiserver', address: network.gateway, port: ports.apiServer },
  { component: 'controller-manager', address: loopback, port: ports.controllerManager },
  { component: 'scheduler', address: loopback, port: ports.scheduler },
  { component: 'kubelet', address: network.gateway, port: ports.kubelet },
  { component: 'kubelet', address: loopback, port: ports.kubeletHealth },
  { component: 'proxy', address: loopback, port: ports.proxyHealth },
  { component: 'proxy', address: loopback, port: ports.proxyMetrics },
  { component: 's3', address: network.gateway, port: ports.s3 },
  { component: 'volsync', address: loopback, port: ports.volsyncMetrics },
  { component: 'volsync', address: loopback, port: ports.volsyncHealth },
];

export function controlPlaneLayout(folders: ClusterFolders): ControlPlaneLayout {
  return {
    kubebox: programPath('kubebox'),
    folder: folders.root,
    pki: pkiPaths(folders.pki),
    adminKubeconfig: folders.adminKubeconfig,
    address: network.gateway,
    ports: { apiServer: ports.apiServer, etcd: ports.etcd, etcdPeer: ports.etcdPeer },
    serviceSubnet: network.serviceSubnet,
    podSubnet: network.podSubnet,
  };
}

/** How every component is started, in the order of starting. */
export function componentSpecs(folders: ClusterFolders): Record<ComponentName, ProcessSpec> {
  const layout = controlPlaneLayout(folders);
  return {
    etcd: etcdSpec(layout),
    apiserver: apiServerSpec(layout),
    'controller-manager': controllerManagerSpec(layout, ports.controllerManager, recyclerFlags(folders)),
    scheduler: schedulerSpec(layout, ports.scheduler),
    containerd: containerdSpec(folders),
    kubelet: kubeletSpec(folders, layout.kubebox),
    proxy: proxySpec(folders, layout.kubebox),
    'csi-hostdir': csiDriverSpec(folders, 'hostdir'),
    'csi-ext4': csiDriverSpec(folders, 'ext4'),
    'csi-nosnap': csiDriverSpec(folders, 'nosnap'),
    'csi-nofsgroup': csiDriverSpec(folders, 'nofsgroup'),
    'csi-provisioner': csiProvisionerSpec(folders, 'hostdir'),
    'csi-provisioner-ext4': csiProvisionerSpec(folders, 'ext4'),
    'csi-provisioner-nosnap': csiProvisionerSpec(folders, 'nosnap'),
    'csi-provisioner-nofsgroup': csiProvisionerSpec(folders, 'nofsgroup'),
    'csi-snapshotter': csiSnapshotterSpec(folders, 'hostdir'),
    'csi-snapshotter-ext4': csiSnapshotterSpec(folders, 'ext4'),
    'csi-snapshotter-nofsgroup': csiSnapshotterSpec(folders, 'nofsgroup'),
    'csi-resizer': csiResizerSpec(folders, 'ext4'),
    'local-path': localPathSpec(folders, programPath('local-path')),
    'snapshot-controller': snapshotControllerSpec(folders, programPath('snapshot-controller')),
    s3: s3ServerSpec(folders, programPath('versitygw')),
    volsync: volsyncSpec(folders, programPath('volsync')),
  };
}

export async function buildPrograms(report: Report): Promise<void> {
  if (!existsSync(programPath('kubebox'))) {
    report('building the cluster from source: some ten minutes on two cores, the first time only');
  }
  for (const name of clusterPrograms) await buildProgram(name, report);
}

/** kubectl for this cluster, without depending on what the machine has. */
export function kubectl(folders: ClusterFolders): string[] {
  return [programPath('kubebox'), 'kubectl', `--kubeconfig=${folders.adminKubeconfig}`];
}

/** Puts kubectl and restic into a folder for PATH. */
export function writeBinFolder(folders: ClusterFolders): void {
  mkdirSync(folders.bin, { recursive: true });
  const commands = { kubectl: `${programPath('kubebox')} kubectl`, restic: programPath('restic') };
  for (const [name, command] of Object.entries(commands)) {
    const path = join(folders.bin, name);
    writeFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(path, 0o755);
  }
}
