import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import type { KubeObject, ResourceKind } from '../../../src/kube/model/kind.ts';
import { namespaces, secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../../../src/api/resource-kinds.ts';
import { ClusterUnderTest } from './cluster-under-test.ts';
import { DestinationContents } from './destination-contents.ts';
import { eventually } from './eventually.ts';
import { remainders } from './leftovers.ts';
import { NAMESPACE_PREFIX } from './workspace.ts';

/** Every namespace that end-to-end tests used in the first cluster comes to its end, and what they left in the destination goes. */
export async function cleanUp(): Promise<void> {
  const cluster = await ClusterUnderTest.connect();
  const contents = new DestinationContents(cluster.environment.s3);
  try {
    await endNamespaces(cluster);
    await contents.deleteBelow(NAMESPACE_PREFIX);
    await contents.deleteBelow(`.rebound/claims/${NAMESPACE_PREFIX}`);
  } finally {
    contents.close();
    await cluster.close();
  }
}

/** Also what an earlier run left when it was broken off. */
async function endNamespaces(cluster: ClusterUnderTest): Promise<void> {
  const { client } = cluster;
  const isOurs = ({ metadata }: KubeObject): boolean => metadata.name.startsWith(NAMESPACE_PREFIX);
  const credentials = await client.list(secrets, { namespace: SYSTEM_NAMESPACE });
  for (const { metadata } of credentials.filter(isOurs)) await client.delete(secrets, metadata);
  const kinds: readonly ResourceKind[] = [namespaces, backupPolicies, backupDestinations];
  for (const kind of kinds) {
    for (const { metadata } of (await client.list(kind)).filter(isOurs)) await client.delete(kind, metadata);
  }
  await eventually('all namespaces of the tests to end', async () => (await remainders(cluster)).length === 0, {
    describe: async () => `left over: ${(await remainders(cluster)).join(', ')}`,
  });
}
