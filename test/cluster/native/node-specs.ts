import { join } from 'node:path';

import type { CsiDriverKey } from './csi-drivers.ts';
import { csiDrivers } from './csi-drivers.ts';
import { programPath } from './go-programs.ts';
import { imageNames } from './node-images.ts';
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { nodeName, ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

export const volsyncNamespace = 'volsync-system';

export function csiSocket(folders: ClusterFolders, key: CsiDriverKey): string {
  return join(folders.kubelet, 'plugins', csiDrivers[key].driverName, 'csi.sock');
}

/** Processes of the default driver have the plain name, those of the others that of their driver besides. */
const nameFor = (name: string, key: CsiDriverKey): string => (key === 'hostdir' ? name : `${name}-${key}`);

export function proxySpec(layout: ClusterLayout, kubebox: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${layout.adminKubeconfig}`,
    '--proxy-mode=iptables',
    `--cluster-cidr=${layout.network.podSubnet}`,
    `--hostname-override=${nodeName}`,
    `--healthz-bind-address=${layout.network.local}:${ports.proxyHealth}`,
    `--metrics-bind-address=${layout.network.local}:${ports.proxyMetrics}`,
    // The machine's connection tracking limits and its loopback routing stay as they are.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
    '--iptables-localhost-nodeports=false',
    `--nodeport-addresses=${layout.network.gateway}/32`,
    '--iptables-min-sync-period=100ms',
  ];
  return { name: 'proxy', command: [kubebox, 'proxy', ...flags] };
}

export function csiDriverSpec(layout: ClusterLayout, key: CsiDriverKey): ProcessSpec {
  const { driverName, medium } = csiDrivers[key];
  const flags = [
    `--driver-name=${driverName}`,
    `--medium=${medium}`,
    `--kubelet-dir=${layout.kubelet}`,
    `--data-dir=${key === 'hostdir' ? layout.csiData : join(layout.csiData, key)}`,
    `--node-name=${nodeName}`,
    `--cgroup=${layout.cgroupName}`,
  ];
  return { name: `csi-${key}`, command: [programPath('csi-hostdir'), ...flags] };
}

/** The defaults of 5 requests a second would be what a test of thirty claims at once measures. */
const apiRates = ['--kube-api-qps=100', '--kube-api-burst=200'];

export function csiProvisionerSpec(folders: ClusterFolders, key: CsiDriverKey): ProcessSpec {
  const flags = [
    `--kubeconfig=${folders.adminKubeconfig}`,
    `--csi-address=${csiSocket(folders, key)}`,
    '--extra-create-metadata',
  ];
  const command = [programPath('csi-provisioner'), ...flags, ...apiRates];
  return { name: nameFor('csi-provisioner', key), command, env: { NODE_NAME: nodeName } };
}

export function csiSnapshotterSpec(folders: ClusterFolders, key: CsiDriverKey): ProcessSpec {
  const flags = [`--kubeconfig=${folders.adminKubeconfig}`, `--csi-address=${csiSocket(folders, key)}`];
  const command = [programPath('csi-snapshotter'), ...flags, ...apiRates];
  return { name: nameFor('csi-snapshotter', key), command };
}

export function csiResizerSpec(folders: ClusterFolders, key: CsiDriverKey): ProcessSpec {
  const flags = [`--kubeconfig=${folders.adminKubeconfig}`, `--csi-address=${csiSocket(folders, key)}`];
  // Volumes grow while pods use them.
  const online = '--handle-volume-inuse-error=false';
  return { name: 'csi-resizer', command: [programPath('csi-resizer'), ...flags, online, ...apiRates] };
}

export function snapshotControllerSpec(folders: ClusterFolders, program: string): ProcessSpec {
  // A snapshot that is deleted while a volume is made from it is looked at again only now and then, by default after 15 minutes.
  const flags = [`--kubeconfig=${folders.adminKubeconfig}`, '--resync-period=15s'];
  return { name: 'snapshot-controller', command: [program, ...flags, ...apiRates] };
}

export function volsyncSpec(layout: ClusterLayout, program: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${layout.adminKubeconfig}`,
    `--restic-container-image=${imageNames.volsyncMover}`,
    `--metrics-bind-address=${layout.network.local}:${ports.volsyncMetrics}`,
    `--health-probe-bind-address=${layout.network.local}:${ports.volsyncHealth}`,
    '--scc-name=',
  ];
  return {
    name: 'volsync',
    command: [program, ...flags],
    env: { WATCH_NAMESPACE: '', VOLSYNC_NAMESPACE: volsyncNamespace },
  };
}
