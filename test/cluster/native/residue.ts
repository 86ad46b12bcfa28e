import { existsSync } from 'node:fs';

import { cgroupPids, cgroupsBelow } from './cgroups.ts';
import { changedHostSettings } from './host-settings.ts';
import type { ClusterFolders } from './layout.ts';
import { cgroupName, network } from './layout.ts';
import { loopsBelow } from './loop-devices.ts';
import { currentMountsBelow } from './mounts.ts';
import { podNamespaces, remainingChains } from './pod-network.ts';
import { commandLine, findByEnvironment } from './process-identity.ts';

/**
 * Looks for everything that a cluster puts on a machine outside its own folder: processes, mounts, loop devices, interfaces, network
 * namespaces, iptables chains, cgroups, changed kernel settings, the lock. Empty means that nothing is left.
 * @param processMark the environment entry that the cluster's processes carry.
 */
export async function findResidues(folders: ClusterFolders, processMark: string): Promise<string[]> {
  const processes = findByEnvironment(processMark).map(({ pid }) => `process ${pid} (${commandLine(pid)[0] ?? ''})`);
  const podProcesses = cgroupPids(cgroupName).map((pid) => `process ${pid} in a pod`);
  return [
    ...processes,
    ...podProcesses,
    ...currentMountsBelow(folders.root).map((path) => `mount ${path}`),
    ...loopsBelow(folders.root).map((device) => `loop device ${device}`),
    ...(existsSync(`/sys/class/net/${network.bridge}`) ? [`interface ${network.bridge}`] : []),
    ...podNamespaces().map((name) => `network namespace ${name}`),
    ...(await remainingChains()).map((name) => `iptables chain ${name}`),
    ...cgroupsBelow(cgroupName).map((path) => `cgroup ${path}`),
    ...Object.keys(changedHostSettings(folders.root)).map((name) => `kernel setting ${name}`),
    ...(existsSync(folders.lock) ? [`lock ${folders.lock}`] : []),
  ];
}
