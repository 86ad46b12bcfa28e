import { expect } from 'vitest';

import { replicationSources, type ReplicationSource } from '../../../src/engines/volsync/kinds.ts';
import { backupDestinations } from '../../../src/api/resource-kinds.ts';
import { clusterRecordKey } from '../../../src/destinations/cluster-record.ts';
import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { inApplication } from '../../e2e/support/application.ts';
import { scale } from '../../e2e/support/deployments.ts';
import type { DestinationContents } from '../../e2e/support/destination-contents.ts';
import { deployments } from '../../e2e/support/kinds.ts';
import { ResticRepository } from '../../e2e/support/restic-repository.ts';
import type { Workspace } from '../../e2e/support/workspace.ts';
import { clusterUid } from './two-clusters.ts';

/** Adds a file to what a running application has, by which backups are known that were taken since. */
export const mark = (workspace: Workspace, claim: string, file: string): Promise<string> =>
  inApplication(workspace, claim, `echo written > ${file}; sync .`);

/** Ids, sorted, of the snapshots in the claim's repository that hold a file of that name, as restic lists them. */
export async function snapshotsWith(workspace: Workspace, claim: string, file: string): Promise<readonly string[]> {
  const repository = await ResticRepository.of(workspace, claim);
  const found: string[] = [];
  for (const { id } of await repository.snapshots()) {
    if ((await repository.files(id)).some((path) => path.endsWith(`/${file}`))) found.push(id);
  }
  return found.toSorted();
}

/** The UID of the cluster that the ledger names as the one that writes the claim's backups. */
export const ownerOf = async (
  contents: DestinationContents,
  workspace: Workspace,
  claim: string,
): Promise<string | undefined> => (await contents.ledger(workspace, claim)).owner?.clusterUid;

/** What makes VolSync back something up in the workspace's namespace. */
export const schedulesOf = ({ client, namespace }: Workspace): Promise<readonly ReplicationSource[]> =>
  client.list(replicationSources, { namespace });

/** Waits until VolSync is not told any more to back anything up there. */
export const untilUnscheduled = (workspace: Workspace): Promise<boolean> =>
  workspace.eventually('no schedule to be left', async () => (await schedulesOf(workspace)).length === 0);

/** Has VolSync back up by the schedule that is there, with nobody of Rebound's looking, and waits until it has. */
export async function runSchedule(workspace: Workspace, run: string): Promise<void> {
  const { client, namespace } = workspace;
  const [schedule] = await schedulesOf(workspace);
  expect(schedule).toBeDefined();
  const ref = { namespace, name: schedule?.metadata.name ?? '' };
  await client.mergePatch(replicationSources, ref, { spec: { trigger: { manual: run } } });
  await workspace.eventually(`VolSync to carry out ${run}`, async () => {
    const { status } = (await client.get(replicationSources, ref)) ?? {};
    return status?.lastManualSync === run && status.latestMoverStatus?.result === 'Successful';
  });
}

/**
 * Stops the controller of a cluster, and makes the store say that the cluster's last sign of life is older than the ten minutes after which it
 * counts as silent: the sign's time in the store is all that others know of it. Ends with the test, or with what is returned.
 */
export async function silence(workspace: Workspace): Promise<() => Promise<void>> {
  const { cluster, client } = workspace;
  const deployment = await client.get(deployments, { namespace: SYSTEM_NAMESPACE, name: 'rebound-controller' });
  const replicas = deployment?.spec.replicas ?? 1;
  const wake = (): Promise<void> => scale(cluster, 'controller', replicas);
  workspace.onEnd(wake);
  await scale(cluster, 'controller', 0);
  await cluster.provider.ageObject(clusterRecordKey(await clusterUid(cluster)), 11 * 60);
  return wake;
}

/** Has a cluster look now at who else shows life in the destination, which it does every three minutes by itself. */
export async function lookAround({ client }: Workspace): Promise<void> {
  const annotations = { 'e2e.rebound.dev/look': new Date().toISOString() };
  await client.mergePatch(backupDestinations, { name: 'default' }, { metadata: { annotations } });
}
