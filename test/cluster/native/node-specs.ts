import { join } from 'node:path';

import { imageNames } from './node-images.ts';
import type { ClusterFolders } from './layout.ts';
import { cgroupName, network, nodeName, ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

/** The CSI driver's name; the storage classes in ../add-ons name it too. */
export const csiDriverName = 'hostdir.csi.rebound.dev';
export const volsyncNamespace = 'volsync-system';

function csiSocket(folders: ClusterFolders): string {
  return join(folders.kubelet, 'plugins', csiDriverName, 'csi.sock');
}

export function proxySpec(folders: ClusterFolders, kubebox: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${folders.adminKubeconfig}`,
    '--proxy-mode=iptables',
    `--cluster-cidr=${network.podSubnet}`,
    `--hostname-override=${nodeName}`,
    `--healthz-bind-address=127.0.0.1:${ports.proxyHealth}`,
    `--metrics-bind-address=127.0.0.1:${ports.proxyMetrics}`,
    // The machine's connection tracking limits and its loopback routing stay as they are.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
    '--iptables-localhost-nodeports=false',
    `--nodeport-addresses=${network.gateway}/32`,
    '--iptables-min-sync-period=100ms',
  ];
  return { name: 'proxy', command: [kubebox, 'proxy', ...flags] };
}

export function csiDriverSpec(folders: ClusterFolders, program: string): ProcessSpec {
  const flags = [
    `--kubelet-dir=${folders.kubelet}`,
    `--data-dir=${folders.csiData}`,
    `--node-name=${nodeName}`,
    `--cgroup=${cgroupName}`,
  ];
  return { name: 'csi-hostdir', command: [program, ...flags] };
}

/** The defaults of 5 requests a second would be what a test of thirty claims at once measures. */
const apiRates = ['--kube-api-qps=100', '--kube-api-burst=200'];

export function csiProvisionerSpec(folders: ClusterFolders, program: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${folders.adminKubeconfig}`,
    `--csi-address=${csiSocket(folders)}`,
    '--extra-create-metadata',
  ];
  return { name: 'csi-provisioner', command: [program, ...flags, ...apiRates], env: { NODE_NAME: nodeName } };
}

export function csiSnapshotterSpec(folders: ClusterFolders, program: string): ProcessSpec {
  const flags = [`--kubeconfig=${folders.adminKubeconfig}`, `--csi-address=${csiSocket(folders)}`];
  return { name: 'csi-snapshotter', command: [program, ...flags, ...apiRates] };
}

export function snapshotControllerSpec(folders: ClusterFolders, program: string): ProcessSpec {
  // A snapshot that is deleted while a volume is made from it is looked at again only now and then, by default after 15 minutes.
  const flags = [`--kubeconfig=${folders.adminKubeconfig}`, '--resync-period=15s'];
  return { name: 'snapshot-controller', command: [program, ...flags, ...apiRates] };
}

export function volsyncSpec(folders: ClusterFolders, program: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${folders.adminKubeconfig}`,
    `--restic-container-image=${imageNames.volsyncMover}`,
    `--metrics-bind-address=127.0.0.1:${ports.volsyncMetrics}`,
    `--health-probe-bind-address=127.0.0.1:${ports.volsyncHealth}`,
    '--scc-name=',
  ];
  return {
    name: 'volsync',
    command: [program, ...flags],
    env: { WATCH_NAMESPACE: '', VOLSYNC_NAMESPACE: volsyncNamespace },
  };
}
