import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { leases, pods, type Pod } from '../../../src/kube/model/built-in-kinds.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { eventually } from './eventually.ts';
import { deployments } from './kinds.ts';

const LEASE = { namespace: SYSTEM_NAMESPACE, name: 'rebound-controller' };

/** The pod of the controller that acts now. @throws Error when none does. */
export async function actingController({ client }: ClusterUnderTest): Promise<Pod> {
  const lease = await client.get(leases, LEASE);
  const holder = lease?.spec?.holderIdentity ?? '';
  const labelSelector = 'app.kubernetes.io/component=controller';
  const candidates = await client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
  const acting = candidates.find(({ metadata }) => holder !== '' && holder.startsWith(metadata.name));
  if (acting === undefined) throw new Error(`no controller acts: the lease is held by "${holder}"`);
  return acting;
}

/** The image that the controllers run: Node without a shell, and a user who is not root. */
export async function reboundImage({ client }: ClusterUnderTest): Promise<string> {
  const labelSelector = 'app.kubernetes.io/component=controller';
  const found = await client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
  const image = found.flatMap(({ spec }) => spec.containers).at(0)?.image;
  if (image === undefined) throw new Error('no controller says what image it runs');
  return image;
}

/** Waits until all replicas of a role are there again. */
export async function untilAvailable({ client }: ClusterUnderTest, role: 'controller' | 'webhook'): Promise<void> {
  await eventually(`the ${role} to be available`, async () => {
    const deployment = await client.get(deployments, { namespace: SYSTEM_NAMESPACE, name: `rebound-${role}` });
    const { observedGeneration, replicas, updatedReplicas, availableReplicas } = deployment?.status ?? {};
    const wanted = deployment?.spec.replicas;
    if (observedGeneration !== deployment?.metadata.generation) return false;
    return wanted !== undefined && [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
  });
}

/** Sets the number of a role's replicas, and waits until its pods are there or gone. */
export async function scale(
  cluster: ClusterUnderTest,
  role: 'controller' | 'webhook',
  replicas: number,
): Promise<void> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: `rebound-${role}` };
  await cluster.client.mergePatch(deployments, ref, { spec: { replicas } });
  if (replicas > 0) return untilAvailable(cluster, role);
  const labelSelector = `app.kubernetes.io/component=${role}`;
  await eventually(`the ${role} to be gone`, async () => {
    const left = await cluster.client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
    return left.length === 0;
  });
}
