import { MANAGED_BY, MANAGED_BY_LABEL, ROLE_LABEL } from '../../../src/api/labels.ts';
import { replicationDestinations } from '../../../src/engines/volsync/kinds.ts';
import {
  jobs,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '../../../src/kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { NAMESPACE_PREFIX, type Workspace } from './workspace.ts';

const managed = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;

/** What a finished restore should have taken away with it, each as `kind name`; none is good. */
export async function leftovers({ cluster: { client }, namespace }: Workspace): Promise<readonly string[]> {
  const [claims, destinations, allSecrets, allJobs, allPods, volumes, restores] = await Promise.all([
    client.list(persistentVolumeClaims, { namespace }),
    client.list(replicationDestinations, { namespace }),
    client.list(secrets, { namespace, labelSelector: managed }),
    client.list(jobs, { namespace }),
    client.list(pods, { namespace }),
    client.list(persistentVolumes),
    client.list(volumeRestores, { namespace }),
  ]);
  const claimUIDs = new Set(claims.map(({ metadata }) => metadata.uid));
  const isOfRestore = (name: string): boolean => name.startsWith('volsync-dst-');
  const found = [
    ...claims.filter(({ metadata }) => metadata.labels?.[ROLE_LABEL] !== undefined || isOfRestore(metadata.name)),
    ...destinations,
    ...allSecrets.filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'VolumeRestore')),
    ...allJobs.filter(({ metadata }) => isOfRestore(metadata.name)),
    ...allPods.filter(({ metadata }) => isOfRestore(metadata.name)),
    ...volumes.filter(({ spec }) => spec.claimRef?.namespace === namespace && !claimUIDs.has(spec.claimRef.uid ?? '')),
    ...restores.filter(({ spec }) => !claimUIDs.has(spec.claimUID)),
  ];
  return found.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** Waits until nothing is left over from restores in the namespace. */
export async function untilTidy(workspace: Workspace): Promise<void> {
  let last: readonly string[] = [];
  const look = async () => {
    last = await leftovers(workspace);
    return last.length === 0;
  };
  await workspace.eventually('restores to leave nothing over', look).catch((error: unknown) => {
    throw new Error(`left over: ${last.join(', ')}`, { cause: error });
  });
}

/** What is left of all namespaces of these tests: the namespaces themselves, and volumes whose claims were in them. */
export async function remainders({ client }: ClusterUnderTest): Promise<readonly string[]> {
  const [allNamespaces, allVolumes] = await Promise.all([client.list(namespaces), client.list(persistentVolumes)]);
  const isOurs = (namespace: string | undefined): boolean => namespace?.startsWith(NAMESPACE_PREFIX) ?? false;
  const found = [
    ...allNamespaces.filter(({ metadata }) => isOurs(metadata.name)),
    ...allVolumes.filter(({ spec }) => isOurs(spec.claimRef?.namespace)),
  ];
  return found.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}
