import { existsSync, readdirSync, readlinkSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import type { Report } from '../provider.ts';
import { staticVolumesFolder } from '../provider.ts';
import { destroyCgroup } from './cgroups.ts';
import { componentNames } from './components.ts';
import type { ComponentName } from './components.ts';
import { isContainerdReady, removeContainerdState, removeContainers } from './containerd.ts';
import { restoreHostSettings } from './host-settings.ts';
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { detachLoopsBelow } from './loop-devices.ts';
import { currentMountsBelow, unmountBelow } from './mounts.ts';
import { mayTearDownMachine, releaseMachine } from './owner.ts';
import { removePodNetwork } from './pod-network.ts';
import type { ProcessFolder } from './process-folder.ts';

/** What must not act while containers are taken away, first the ones that would start new ones. */
const stoppedFirst: readonly ComponentName[] = [
  'kubelet',
  'proxy',
  'volsync',
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
  'csi-hostdir',
  'csi-ext4',
  'csi-nosnap',
  'csi-nofsgroup',
  'controller-manager',
  'scheduler',
  's3',
  'apiserver',
];

/** Every component is made to be killed at any time; this only lets it close its files. */
const graceSeconds = 3;

/**
 * Ends everything and takes it off the machine: processes, pods, mounts, network, iptables chains, cgroups, kernel
 * settings. Files stay. Works from any state, a half-started or half-killed cluster too.
 */
export async function tearDown(layout: ClusterLayout, processes: ProcessFolder, report: Report): Promise<void> {
  report('stopping the cluster');
  const stop = (name: ComponentName): Promise<void> => processes.stop(name, { graceSeconds });
  await Promise.all(stoppedFirst.map(stop));
  if (processes.identity('containerd') !== undefined && (await isContainerdReady(layout))) {
    await removeContainers(layout);
  }
  await Promise.all(componentNames.map(stop));
  // Shims and whatever lost its record carry the mark; processes in pods are in the cgroup.
  await processes.killMarked();
  if (mayTearDownMachine(layout)) await destroyCgroup(layout.cgroupName);
  await unmountBelow(layout.root);
  await detachLoopsBelow(layout.root);
  removeContainerdState(layout);
  if (mayTearDownMachine(layout)) await cleanMachine(layout);
}

async function cleanMachine(layout: ClusterLayout): Promise<void> {
  await removePodNetwork(layout);
  restoreHostSettings(layout.root);
  removeLogLinks(layout);
  if (!isFirstThere(layout)) for (const folder of sharedFolders) removeIfEmpty(folder);
  releaseMachine(layout);
}

/** Whether a first cluster may be about to use what is empty now. */
const isFirstThere = ({ second }: ClusterLayout): boolean => second !== undefined && existsSync(second.first.ownerFile);

/** Made by containerd, its shims, the CNI library and the kubelet outside the folders they are given. */
const sharedFolders = [
  '/run/containerd/s',
  '/run/containerd/runc/k8s.io',
  '/run/containerd/runc',
  '/run/containerd',
  '/var/lib/cni/results',
  '/var/lib/cni',
  '/var/lib/kubelet/device-plugins',
  '/var/lib/kubelet',
];

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

const logLinkFolder = '/var/log/containers';

/** The kubelet links pod logs there, wherever its own folders are. */
function removeLogLinks(folders: ClusterFolders): void {
  if (!existsSync(logLinkFolder)) return;
  for (const name of readdirSync(logLinkFolder)) {
    const path = join(logLinkFolder, name);
    if (readlinkSync(path).startsWith(`${folders.podLogs}/`)) rmSync(path);
  }
  if (readdirSync(logLinkFolder).length === 0) rmdirSync(logLinkFolder);
}

/**
 * Deletes what a cluster that is down has stored: objects, volumes, pods' files, logs. Images stay imported.
 * @throws ClusterError while something is still mounted, for its data could be deleted through the mount.
 */
export function deleteClusterData(layout: ClusterLayout, options: { readonly keepDestination: boolean }): void {
  const [mount] = currentMountsBelow(layout.root);
  if (mount !== undefined)
    throw new ClusterError(`${mount} is still mounted: unmount it and run again; nothing was deleted`);
  const gone = [
    layout.etcd,
    layout.kubelet,
    layout.podLogs,
    layout.csiData,
    layout.localPath,
    // One place for all clusters: below /tmp.
    ...(layout.second === undefined ? [staticVolumesFolder] : []),
    layout.pki,
    join(layout.root, 'logs'),
  ];
  for (const folder of gone) rmSync(folder, { recursive: true, force: true });
  if (!options.keepDestination) rmSync(layout.s3, { recursive: true, force: true });
}
