import { existsSync } from 'node:fs';

import { cgroupPids, cgroupsBelow } from './cgroups.ts';
import { changedHostSettings } from './host-settings.ts';
import type { ClusterLayout } from './layout.ts';
import { loopsBelow } from './loop-devices.ts';
import { currentMountsBelow } from './mounts.ts';
import { podNetworkResidues } from './pod-network.ts';
import { commandLine, findByEnvironment } from './process-identity.ts';

/**
 * Looks for everything that a cluster puts on a machine outside its own folder: processes, mounts, loop devices, interfaces, network
 * namespaces, iptables chains, cgroups, changed kernel settings, the lock. Empty means that nothing is left.
 * @param processMark the environment entry that the cluster's processes carry.
 */
export async function findResidues(layout: ClusterLayout, processMark: string): Promise<string[]> {
  const processes = findByEnvironment(processMark).map(({ pid }) => `process ${pid} (${commandLine(pid)[0] ?? ''})`);
  const podProcesses = cgroupPids(layout.cgroupName).map((pid) => `process ${pid} in a pod`);
  return [
    ...processes,
    ...podProcesses,
    ...currentMountsBelow(layout.root).map((path) => `mount ${path}`),
    ...loopsBelow(layout.root).map((device) => `loop device ${device}`),
    ...(await podNetworkResidues(layout)),
    ...cgroupsBelow(layout.cgroupName).map((path) => `cgroup ${path}`),
    ...Object.keys(changedHostSettings(layout.root)).map((name) => `kernel setting ${name}`),
    ...(existsSync(layout.lock) ? [`lock ${layout.lock}`] : []),
  ];
}
