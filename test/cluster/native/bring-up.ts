import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../provider.ts';
import { applyAddOns, readAddOns } from './add-ons.ts';
import { createCgroup } from './cgroups.ts';
import { ensurePki } from './certificates.ts';
import {
  componentSpecs,
  buildPrograms,
  clusterPrograms,
  componentNames,
  kubectl,
  portUses,
  writeBinFolder,
} from './components.ts';
import type { ComponentName } from './components.ts';
import { ensureImported, removeContainerdState, writeContainerdConfig } from './containerd.ts';
import { programPath } from './go-programs.ts';
import { enableBridgeFiltering, saveHostSettings } from './host-settings.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { writeKubeletConfig } from './kubelet.ts';
import type { ClusterFolders } from './layout.ts';
import { cgroupName, network, nodeName, ports } from './layout.ts';
import { writeLocalPathConfig } from './local-path.ts';
import { buildNodeImages } from './node-images.ts';
import { takeMachine } from './owner.ts';
import { ensureBridge, writeCniConfig } from './pod-network.ts';
import { diskNeeds, ensurePackages, makeFolder, requireDisk, requirePorts } from './prerequisites.ts';
import type { ProcessFolder } from './process-folder.ts';
import { writeRecyclerPod } from './recycler.ts';
import { appliedAddOnsHash, isClusterReady, waitForCluster, waitForComponent } from './readiness.ts';

/** Whether everything runs as it should and answers; then `up` has nothing to do. */
export async function isUp(folders: ClusterFolders, processes: ProcessFolder): Promise<boolean> {
  if (!clusterPrograms.every((name) => existsSync(programPath(name)))) return false;
  const specs = componentSpecs(folders);
  if (!componentNames.every((name) => processes.state(specs[name]) === 'running')) return false;
  const [ready, applied, wanted] = await Promise.all([
    isClusterReady(folders),
    appliedAddOnsHash(folders).catch(() => undefined),
    readAddOns(() => undefined),
  ]);
  return ready && applied === wanted.hash;
}

/** Builds what is missing, starts what does not run, and waits until pods can run. */
export async function bringUp(folders: ClusterFolders, processes: ProcessFolder, report: Report): Promise<void> {
  const everythingBuilt = clusterPrograms.every((name) => existsSync(programPath(name)));
  requireDisk(diskNeeds(folders.root, everythingBuilt));
  await ensurePackages(report);
  await buildPrograms(report);
  const images = await buildNodeImages(report);
  await prepareHost(folders, processes);
  await startControlPlane(folders, processes, report);
  const addOns = ensureAddOns(folders, report);
  // Awaited below; a failure in between must not go by as unhandled.
  addOns.catch(() => undefined);
  await startNode(folders, processes, report, images);
  await addOns;
  await startSidecars(folders, processes, report);
  report('waiting for the node and cluster DNS');
  await waitForCluster(folders);
  for (const name of componentNames) processes.assertAlive(name);
}

async function prepareHost(folders: ClusterFolders, processes: ProcessFolder): Promise<void> {
  makeFolder(folders.root);
  forgetLastBoot(folders);
  takeMachine(folders.root);
  await requireFreePorts(folders, processes);
  saveHostSettings(folders.root);
  await enableBridgeFiltering();
  await ensureBridge();
  createCgroup(cgroupName);
  const pki = await ensurePki(folders.pki, {
    apiServerAddresses: [network.gateway, network.kubernetesService, '127.0.0.1'],
    nodeName,
    nodeAddress: network.gateway,
  });
  const server = `https://${network.gateway}:${ports.apiServer}`;
  writeKubeconfig(folders.adminKubeconfig, pki, 'admin', server);
  writeKubeconfig(folders.nodeKubeconfig, pki, 'node', server);
  writeCniConfig(folders);
  writeContainerdConfig(folders);
  writeKubeletConfig(folders);
  writeLocalPathConfig(folders);
  writeRecyclerPod(folders);
  writeBinFolder(folders);
}

/** After a restart of the machine, notes about containers and saved kernel settings speak of another life. */
function forgetLastBoot(folders: ClusterFolders): void {
  const path = join(folders.root, 'boot-id');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const last = existsSync(path) ? readFileSync(path, 'utf8') : boot;
  if (last !== boot) removeContainerdState(folders);
  writeFileSync(path, boot);
}

async function requireFreePorts(folders: ClusterFolders, processes: ProcessFolder): Promise<void> {
  const specs = componentSpecs(folders);
  const starting = portUses.filter(
    ({ component }) => !['running', 'changed'].includes(processes.state(specs[component])),
  );
  await requirePorts(starting);
}

/** The sidecars end at the first call after their connection to their driver broke, which may be much later. */
const restartedWith: Partial<Record<ComponentName, readonly ComponentName[]>> = {
  'csi-hostdir': ['csi-provisioner', 'csi-snapshotter'],
  'csi-ext4': ['csi-provisioner-ext4', 'csi-snapshotter-ext4', 'csi-resizer'],
  'csi-nosnap': ['csi-provisioner-nosnap'],
  'csi-nofsgroup': ['csi-provisioner-nofsgroup', 'csi-snapshotter-nofsgroup'],
};

async function start(
  folders: ClusterFolders,
  processes: ProcessFolder,
  names: readonly ComponentName[],
): Promise<void> {
  const specs = componentSpecs(folders);
  for (const name of names) {
    const isStarted = await processes.ensure(specs[name]);
    if (isStarted) for (const dependent of restartedWith[name] ?? []) await processes.stop(dependent);
  }
  for (const name of names) await waitForComponent(folders, processes, name);
}

async function startControlPlane(folders: ClusterFolders, processes: ProcessFolder, report: Report): Promise<void> {
  report('starting etcd, the API server, containerd and S3');
  await start(folders, processes, ['etcd', 'containerd', 's3', 'apiserver']);
  await start(folders, processes, ['controller-manager', 'scheduler']);
}

async function startNode(
  folders: ClusterFolders,
  processes: ProcessFolder,
  report: Report,
  images: string,
): Promise<void> {
  if (await ensureImported(folders, images)) report('imported the node images');
  report('starting the kubelet, kube-proxy and the CSI drivers');
  await start(folders, processes, ['kubelet', 'proxy', 'csi-hostdir', 'csi-ext4', 'csi-nosnap', 'csi-nofsgroup']);
}

async function startSidecars(folders: ClusterFolders, processes: ProcessFolder, report: Report): Promise<void> {
  report('starting the storage controllers and VolSync');
  await start(folders, processes, [
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
    'volsync',
  ]);
}

async function ensureAddOns(folders: ClusterFolders, report: Report): Promise<void> {
  const addOns = await readAddOns(report);
  if ((await appliedAddOnsHash(folders)) === addOns.hash) return;
  report('applying CRDs, storage classes and CoreDNS');
  await applyAddOns(kubectl(folders), addOns);
}
