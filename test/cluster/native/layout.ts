import { join } from 'node:path';

import { pkiPaths } from './certificates.ts';

/**
 * Addresses of the local cluster. Everything that pods or other processes of this machine talk to listens on the pod
 * bridge or on loopback, never on the machine's uplink.
 */
export const network = {
  bridge: 'rebound0',
  /** The bridge's own address: pods reach the API server, the kubelet and S3 here, and so does this machine. */
  gateway: '10.244.0.1',
  prefixLength: 24,
  podSubnet: '10.244.0.0/24',
  serviceSubnet: '10.96.0.0/16',
  kubernetesService: '10.96.0.1',
  dnsService: '10.96.0.10',
  cniName: 'rebound',
} as const;

export const ports = {
  apiServer: 6443,
  kubelet: 10250,
  s3: 9000,
  etcd: 12379,
  etcdPeer: 12380,
  controllerManager: 10257,
  scheduler: 10259,
  kubeletHealth: 10248,
  proxyHealth: 10256,
  proxyMetrics: 10249,
  volsyncMetrics: 18080,
  volsyncHealth: 18081,
} as const;

export const nodeName = 'rebound';

/** All of a cluster's pods and their memory live below this cgroup, so that they can be told from others. */
export const cgroupName = 'rebound';

/** Where everything is kept. */
export interface ClusterFolders {
  readonly root: string;
  readonly pki: string;
  readonly adminKubeconfig: string;
  readonly nodeKubeconfig: string;
  readonly etcd: string;
  readonly containerd: string;
  readonly containerdSocket: string;
  readonly kubelet: string;
  readonly podLogs: string;
  readonly cni: string;
  readonly cniAddresses: string;
  readonly csiData: string;
  /** Folders of the class local-path. */
  readonly localPath: string;
  readonly s3: string;
  /** Programs for `env`'s PATH: kubectl, restic. */
  readonly bin: string;
  readonly lock: string;
}

export const defaultStateFolder = '/var/lib/rebound-cluster';

export function clusterFolders(root = process.env['REBOUND_CLUSTER_DIR'] ?? defaultStateFolder): ClusterFolders {
  return {
    root,
    pki: pkiPaths(join(root, 'pki')).folder,
    adminKubeconfig: join(root, 'kubeconfig'),
    nodeKubeconfig: join(root, 'node.kubeconfig'),
    etcd: join(root, 'etcd'),
    containerd: join(root, 'containerd'),
    containerdSocket: join(root, 'containerd', 'containerd.sock'),
    kubelet: join(root, 'kubelet'),
    podLogs: join(root, 'pod-logs'),
    cni: join(root, 'cni'),
    cniAddresses: join(root, 'cni-addresses'),
    csiData: join(root, 'csi'),
    localPath: join(root, 'local-path'),
    s3: join(root, 's3'),
    bin: join(root, 'bin'),
    lock: `${root}.lock`,
  };
}
