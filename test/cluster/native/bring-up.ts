import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../provider.ts';
import { applyAddOns, readAddOns } from './add-ons.ts';
import { createCgroup } from './cgroups.ts';
import { ensurePki } from './certificates.ts';
import {
  componentSpec,
  componentsOf,
  buildPrograms,
  clusterPrograms,
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
import type { ClusterLayout } from './layout.ts';
import { nodeName } from './layout.ts';
import { writeLocalPathConfig } from './local-path.ts';
import { ensureNetworkNamespace } from './network-namespace.ts';
import { buildNodeImages } from './node-images.ts';
import { takeMachine } from './owner.ts';
import { ensureBridge, writeCniConfig } from './pod-network.ts';
import { diskNeeds, ensurePackages, makeFolder, requireDisk, requirePorts } from './prerequisites.ts';
import type { ProcessFolder } from './process-folder.ts';
import { writeRecyclerPod } from './recycler.ts';
import { appliedAddOnsHash, isClusterReady, serverOf, waitForCluster, waitForComponent } from './readiness.ts';

/** Whether everything runs as it should and answers; then `up` has nothing to do. */
export async function isUp(layout: ClusterLayout, processes: ProcessFolder): Promise<boolean> {
  if (!clusterPrograms.every((name) => existsSync(programPath(name)))) return false;
  const isRunning = (name: ComponentName): boolean => processes.state(componentSpec(layout, name)) === 'running';
  if (!componentsOf(layout).every(isRunning)) return false;
  const [ready, applied, wanted] = await Promise.all([
    isClusterReady(layout),
    appliedAddOnsHash(layout, serverOf(layout)).catch(() => undefined),
    readAddOns(() => undefined, layout.network),
  ]);
  return ready && applied === wanted.hash;
}

/** Builds what is missing, starts what does not run, and waits until pods can run. */
export async function bringUp(layout: ClusterLayout, processes: ProcessFolder, report: Report): Promise<void> {
  const everythingBuilt = clusterPrograms.every((name) => existsSync(programPath(name)));
  requireDisk(diskNeeds(layout.root, everythingBuilt));
  await ensurePackages(report);
  await buildPrograms(report);
  const images = await buildNodeImages(report);
  await prepareHost(layout, processes);
  await startControlPlane(layout, processes, report);
  const addOns = ensureAddOns(layout, report);
  // Awaited below; a failure in between must not go by as unhandled.
  addOns.catch(() => undefined);
  await startNode(layout, processes, report, images);
  await addOns;
  await startSidecars(layout, processes, report);
  report('waiting for the node and cluster DNS');
  await waitForCluster(layout);
  for (const name of componentsOf(layout)) processes.assertAlive(name);
}

async function prepareHost(layout: ClusterLayout, processes: ProcessFolder): Promise<void> {
  makeFolder(layout.root);
  forgetLastBoot(layout);
  takeMachine(layout);
  await requireFreePorts(layout, processes);
  await prepareNetwork(layout);
  createCgroup(layout.cgroupName);
  const { network } = layout;
  const pki = await ensurePki(layout.pki, {
    apiServerAddresses: [network.gateway, network.kubernetesService, '127.0.0.1'],
    nodeName,
    nodeAddress: network.gateway,
  });
  const server = serverOf(layout);
  writeKubeconfig(layout.adminKubeconfig, pki, 'admin', server);
  writeKubeconfig(layout.nodeKubeconfig, pki, 'node', server);
  writeCniConfig(layout);
  writeContainerdConfig(layout);
  writeKubeletConfig(layout);
  writeLocalPathConfig(layout);
  writeRecyclerPod(layout);
  writeBinFolder(layout);
}

/** The machine's settings are the first cluster's to change, and to set back; a second one comes up beside it only. */
async function prepareNetwork(layout: ClusterLayout): Promise<void> {
  if (layout.second === undefined) {
    saveHostSettings(layout.root);
    await enableBridgeFiltering();
  }
  await ensureNetworkNamespace(layout);
  await ensureBridge(layout);
}

/** After a restart of the machine, notes about containers and saved kernel settings speak of another life. */
function forgetLastBoot(layout: ClusterLayout): void {
  const path = join(layout.root, 'boot-id');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const last = existsSync(path) ? readFileSync(path, 'utf8') : boot;
  if (last !== boot) removeContainerdState(layout);
  writeFileSync(path, boot);
}

async function requireFreePorts(layout: ClusterLayout, processes: ProcessFolder): Promise<void> {
  const names = componentsOf(layout);
  const isStopped = (name: ComponentName): boolean => processes.identity(name) === undefined;
  const starting = portUses(layout).filter(({ component }) => names.includes(component) && isStopped(component));
  await requirePorts(starting);
}

/** The sidecars end at the first call after their connection to their driver broke, which may be much later. */
const restartedWith: Partial<Record<ComponentName, readonly ComponentName[]>> = {
  'csi-hostdir': ['csi-provisioner', 'csi-snapshotter'],
  'csi-ext4': ['csi-provisioner-ext4', 'csi-snapshotter-ext4', 'csi-resizer'],
  'csi-nosnap': ['csi-provisioner-nosnap'],
  'csi-nofsgroup': ['csi-provisioner-nofsgroup', 'csi-snapshotter-nofsgroup'],
};

async function start(layout: ClusterLayout, processes: ProcessFolder, names: readonly ComponentName[]): Promise<void> {
  for (const name of names) {
    const isStarted = await processes.ensure(componentSpec(layout, name));
    if (isStarted) for (const dependent of restartedWith[name] ?? []) await processes.stop(dependent);
  }
  for (const name of names) await waitForComponent(layout, processes, name);
}

async function startControlPlane(layout: ClusterLayout, processes: ProcessFolder, report: Report): Promise<void> {
  report('starting etcd, the API server and containerd');
  const store = componentsOf(layout).filter((name) => name === 's3');
  await start(layout, processes, ['etcd', 'containerd', ...store, 'apiserver']);
  await start(layout, processes, ['controller-manager', 'scheduler']);
}

async function startNode(
  layout: ClusterLayout,
  processes: ProcessFolder,
  report: Report,
  images: string,
): Promise<void> {
  if (await ensureImported(layout, images)) report('imported the node images');
  report('starting the kubelet, kube-proxy and the CSI drivers');
  await start(layout, processes, ['kubelet', 'proxy', 'csi-hostdir', 'csi-ext4', 'csi-nosnap', 'csi-nofsgroup']);
}

async function startSidecars(layout: ClusterLayout, processes: ProcessFolder, report: Report): Promise<void> {
  report('starting the storage controllers and VolSync');
  await start(layout, processes, [
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

async function ensureAddOns(layout: ClusterLayout, report: Report): Promise<void> {
  const addOns = await readAddOns(report, layout.network);
  if ((await appliedAddOnsHash(layout, serverOf(layout))) === addOns.hash) return;
  report('applying CRDs, storage classes and CoreDNS');
  await applyAddOns(kubectl(layout), addOns);
}
