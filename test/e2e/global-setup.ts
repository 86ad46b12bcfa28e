import { SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import type { KubeObject, ResourceKind } from '../../src/kube/kind.ts';
import { namespaces, secrets } from '../../src/kube/objects.ts';
import { backupDestinations, backupPolicies } from '../../src/kube/rebound-kinds.ts';
import type { Report } from '../cluster/provider.ts';
import { chooseProvider } from '../cluster/choose-provider.ts';
import { installRebound } from '../install/install.ts';
import { loadApplicationImage } from './support/application-image.ts';
import { ClusterUnderTest } from './support/cluster-under-test.ts';
import { DestinationContents } from './support/destination-contents.ts';
import { eventually } from './support/eventually.ts';
import { remainders } from './support/leftovers.ts';
import { NAMESPACE_PREFIX } from './support/workspace.ts';

/**
 * Brings the cluster up and installs Rebound, once for all end-to-end tests; both stay, so that the next run is quicker.
 * After the tests every namespace that they used must come to its end, and take its volumes along.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  const report: Report = (message) => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${message}`);
  };
  const provider = await chooseProvider();
  await provider.up(report);
  await loadApplicationImage(provider, report);
  await installRebound(provider, report);
  report('ready for the end-to-end tests');
  return tearDown;
}

async function tearDown(): Promise<void> {
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
