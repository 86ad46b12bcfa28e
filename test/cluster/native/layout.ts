import { join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import { pkiPaths } from './certificates.ts';

/**
 * Addresses of a cluster. Everything that pods or other processes of this machine talk to listens on the pod bridge or on
 * {@link ClusterNetwork.local}, never on the machine's uplink.
 */
export interface ClusterNetwork {
  readonly bridge: string;
  /** The bridge's own address: pods reach the API server and the kubelet here, and so does this machine. */
  readonly gateway: string;
  readonly prefixLength: number;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly kubernetesService: string;
  readonly dnsService: string;
  readonly cniName: string;
  /** Where components listen that this machine talks to, and pods do not. */
  readonly local: string;
}

const firstNetwork: ClusterNetwork = {
  bridge: 'rebound0',
  gateway: '10.244.0.1',
  prefixLength: 24,
  podSubnet: '10.244.0.0/24',
  serviceSubnet: '10.96.0.0/16',
  kubernetesService: '10.96.0.1',
  dnsService: '10.96.0.10',
  cniName: 'rebound',
  local: '127.0.0.1',
};

/** The way from this machine into the network namespace of a second cluster, and back. */
export const secondUplink = {
  /** This machine's end; it is all that a second cluster puts into the machine's own network. */
  outer: 'rebound-second',
  outerAddress: '10.245.255.1',
  inner: 'uplink',
  innerAddress: '10.245.255.2',
  prefixLength: 30,
} as const;

const secondNetwork: ClusterNetwork = {
  bridge: 'rebound0',
  gateway: '10.245.0.1',
  prefixLength: 24,
  podSubnet: '10.245.0.0/24',
  serviceSubnet: '10.97.0.0/16',
  kubernetesService: '10.97.0.1',
  dnsService: '10.97.0.10',
  // The CNI library's notes begin with it: none of the first cluster's may be a prefix of it.
  cniName: 'second-rebound',
  local: secondUplink.innerAddress,
};

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

/** One cluster with a node: its folders, and what it has of the machine. */
export interface ClusterLayout extends ClusterFolders {
  readonly network: ClusterNetwork;
  /** All of its pods and their memory live below this cgroup, so that they can be told from others. */
  readonly cgroupName: string;
  /** Says which folder's cluster has these addresses and this cgroup. Gone after a restart of the machine, as a cluster is. */
  readonly ownerFile: string;
  /** Set for a second cluster, which runs in a network namespace of its own and uses the first one's S3. */
  readonly second?: {
    readonly name: string;
    readonly first: ClusterLayout;
    /** The namespace is mounted here: it lasts as long as the mount, whoever is in it. */
    readonly networkNamespace: string;
  };
}

export function firstCluster(folders: ClusterFolders = clusterFolders()): ClusterLayout {
  return { ...folders, network: firstNetwork, cgroupName: 'rebound', ownerFile: '/run/rebound-cluster-owner' };
}

/**
 * A cluster beside the first, in a folder beside the first one's.
 * @throws ClusterError when the name can't be part of a folder's name.
 */
export function secondCluster(name: string, first: ClusterLayout = firstCluster()): ClusterLayout {
  const folders = namedFolders(name, first);
  return {
    ...folders,
    network: secondNetwork,
    cgroupName: 'rebound-second',
    ownerFile: '/run/rebound-second-cluster-owner',
    second: { name, first, networkNamespace: join(folders.root, 'network-namespace') },
  };
}

/** @throws ClusterError when the name can't be part of a folder's name. */
export function namedFolders(name: string, first: ClusterFolders): ClusterFolders {
  if (/^[a-z][a-z0-9]{0,11}$/.test(name)) return clusterFolders(`${first.root}-${name}`);
  throw new ClusterError(`"${name}" names no cluster: use up to 12 small letters and digits, for example b`);
}
