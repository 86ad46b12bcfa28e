import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { ClusterError } from '../cluster-error.ts';
import { findByEnvironment } from './process-identity.ts';
import { processMark } from './process-folder.ts';

/** Gone after a restart of the machine, as a cluster is. */
const ownerFile = '/run/rebound-cluster-owner';

/** The state folder of the cluster that has this machine's bridge, cgroup and iptables chains, or undefined. */
function owner(): string | undefined {
  return existsSync(ownerFile) ? readFileSync(ownerFile, 'utf8') : undefined;
}

/** Whether a cluster may take away what a machine has once only: it does not belong to a cluster in another folder. */
export function mayTearDownMachine(stateFolder: string): boolean {
  return (owner() ?? stateFolder) === stateFolder;
}

/** @throws ClusterError while a cluster in another folder runs: there can be one per machine. */
export function takeMachine(stateFolder: string): void {
  const other = owner();
  if (other !== undefined && other !== stateFolder && findByEnvironment(processMark(other)).length > 0) {
    throw new ClusterError(
      `another cluster, kept in ${other}, has this machine: end it with "REBOUND_CLUSTER_DIR=${other} npm run cluster -- down"`,
    );
  }
  writeFileSync(ownerFile, stateFolder);
}

export function releaseMachine(): void {
  rmSync(ownerFile, { force: true });
}
