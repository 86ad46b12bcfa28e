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
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { ports } from './layout.ts';
import { localPathSpec } from './local-path.ts';
import { inNetworkOf } from './network-namespace.ts';
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

/** What a cluster runs: a second one has no S3 of its own. */
export const componentsOf = ({ second }: ClusterLayout): readonly ComponentName[] =>
  second === undefined ? componentNames : componentNames.filter((name) => name !== 's3');

/** The ports each component listens on. */
export function portUses({ network }: ClusterLayout): readonly (PortUse & { readonly component: ComponentName })[] {
  const { gateway, local } = network;
  return [
    { component: 'etcd', address: local, port: ports.etcd },
    { component: 'etcd', address: local, port: ports.etcdPeer },
    { component: 'apiserver', address: gateway, port: ports.apiServer },
    { component: 'controller-manager', address: local, port: ports.controllerManager },
    { component: 'scheduler', address: local, port: ports.scheduler },
    { component: 'kubelet', address: gateway, port: ports.kubelet },
    { component: 'kubelet', address: local, port: ports.kubeletHealth },
    { component: 'proxy', address: local, port: ports.proxyHealth },
    { component: 'proxy', address: local, port: ports.proxyMetrics },
    { component: 's3', address: gateway, port: ports.s3 },
    { component: 'volsync', address: local, port: ports.volsyncMetrics },
    { component: 'volsync', address: local, port: ports.volsyncHealth },
  ];
}

export function controlPlaneLayout(layout: ClusterLayout): ControlPlaneLayout {
  const { network } = layout;
  return {
    kubebox: programPath('kubebox'),
    folder: layout.root,
    pki: pkiPaths(layout.pki),
    adminKubeconfig: layout.adminKubeconfig,
    address: network.gateway,
    localAddress: network.local,
    ports: { apiServer: ports.apiServer, etcd: ports.etcd, etcdPeer: ports.etcdPeer },
    serviceSubnet: network.serviceSubnet,
    podSubnet: network.podSubnet,
  };
}

const specs: Record<ComponentName, (layout: ClusterLayout) => ProcessSpec> = {
  etcd: (layout) => etcdSpec(controlPlaneLayout(layout)),
  apiserver: (layout) => apiServerSpec(controlPlaneLayout(layout)),
  'controller-manager': (layout) =>
    controllerManagerSpec(controlPlaneLayout(layout), ports.controllerManager, recyclerFlags(layout)),
  scheduler: (layout) => schedulerSpec(controlPlaneLayout(layout), ports.scheduler),
  containerd: containerdSpec,
  kubelet: (layout) => kubeletSpec(layout, programPath('kubebox')),
  proxy: (layout) => proxySpec(layout, programPath('kubebox')),
  'csi-hostdir': (layout) => csiDriverSpec(layout, 'hostdir'),
  'csi-ext4': (layout) => csiDriverSpec(layout, 'ext4'),
  'csi-nosnap': (layout) => csiDriverSpec(layout, 'nosnap'),
  'csi-nofsgroup': (layout) => csiDriverSpec(layout, 'nofsgroup'),
  'csi-provisioner': (layout) => csiProvisionerSpec(layout, 'hostdir'),
  'csi-provisioner-ext4': (layout) => csiProvisionerSpec(layout, 'ext4'),
  'csi-provisioner-nosnap': (layout) => csiProvisionerSpec(layout, 'nosnap'),
  'csi-provisioner-nofsgroup': (layout) => csiProvisionerSpec(layout, 'nofsgroup'),
  'csi-snapshotter': (layout) => csiSnapshotterSpec(layout, 'hostdir'),
  'csi-snapshotter-ext4': (layout) => csiSnapshotterSpec(layout, 'ext4'),
  'csi-snapshotter-nofsgroup': (layout) => csiSnapshotterSpec(layout, 'nofsgroup'),
  'csi-resizer': (layout) => csiResizerSpec(layout, 'ext4'),
  'local-path': (layout) => localPathSpec(layout, programPath('local-path')),
  'snapshot-controller': (layout) => snapshotControllerSpec(layout, programPath('snapshot-controller')),
  s3: (layout) => s3ServerSpec(layout, programPath('versitygw')),
  volsync: (layout) => volsyncSpec(layout, programPath('volsync')),
};

/** How a component is started. */
export function componentSpec(layout: ClusterLayout, name: ComponentName): ProcessSpec {
  const spec = specs[name](layout);
  return { ...spec, command: inNetworkOf(layout, spec.command) };
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
