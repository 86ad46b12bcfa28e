import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { ClusterError } from '../cluster-error.ts';
import type { ClusterLayout } from './layout.ts';
import { findByEnvironment } from './process-identity.ts';
import { processMark } from './process-folder.ts';

/** The state folder of the cluster that has these addresses and this cgroup, or undefined. */
function owner({ ownerFile }: ClusterLayout): string | undefined {
  return existsSync(ownerFile) ? readFileSync(ownerFile, 'utf8') : undefined;
}

/** Whether a cluster may take away what a machine has once only: it does not belong to a cluster in another folder. */
export const mayTearDownMachine = (layout: ClusterLayout): boolean => (owner(layout) ?? layout.root) === layout.root;

/** @throws ClusterError while a cluster in another folder runs: there can be one first and one second per machine. */
export function takeMachine(layout: ClusterLayout): void {
  const other = owner(layout);
  if (other !== undefined && other !== layout.root && findByEnvironment(processMark(other)).length > 0) {
    const name = layout.second === undefined ? '' : ` --name ${other.slice(other.lastIndexOf('-') + 1)}`;
    const folder = layout.second === undefined ? other : other.slice(0, other.lastIndexOf('-'));
    throw new ClusterError(
      `another cluster, kept in ${other}, has this machine: end it with "REBOUND_CLUSTER_DIR=${folder} npm run cluster -- down${name}"`,
    );
  }
  writeFileSync(layout.ownerFile, layout.root);
}

export function releaseMachine({ ownerFile }: ClusterLayout): void {
  rmSync(ownerFile, { force: true });
}
