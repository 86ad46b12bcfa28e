import { test as base } from 'vitest';

import { namespaces } from '../../../src/kube/model/built-in-kinds.ts';
import { ClusterUnderTest } from '../../e2e/support/cluster-under-test.ts';
import { DestinationContents } from '../../e2e/support/destination-contents.ts';
import { Workspace } from '../../e2e/support/workspace.ts';
import { chooseTwin } from './twin.ts';

/** What tells a cluster from all others. */
export async function clusterUid({ client }: ClusterUnderTest): Promise<string> {
  const namespace = await client.get(namespaces, { name: 'kube-system' });
  if (namespace?.metadata.uid === undefined) throw new Error('the cluster has no namespace kube-system');
  return namespace.metadata.uid;
}

/** A namespace of one name in two clusters, which have one destination. It ends with the test. */
export interface TwoWorkspaces {
  readonly first: Workspace;
  readonly second: Workspace;
}

/** In the first cluster the end of the namespace is waited for when all tests are over; with the second it goes. */
async function end(workspace: Workspace): Promise<void> {
  await workspace.end();
  await workspace.client.delete(namespaces, { name: workspace.namespace });
}

/** A test with two clusters, the contents of their destination, and a namespace of the same name in both. */
export const scenario = base
  .extend('clusters', { scope: 'file' }, async ({}, { onCleanup }) => {
    const first = await ClusterUnderTest.connect();
    const second = await ClusterUnderTest.connect(await chooseTwin());
    onCleanup(async () => {
      await Promise.all([first.close(), second.close()]);
    });
    return { first, second };
  })
  .extend('uids', { scope: 'file' }, async ({ clusters }) => ({
    first: await clusterUid(clusters.first),
    second: await clusterUid(clusters.second),
  }))
  .extend('contents', { scope: 'file' }, async ({ clusters }, { onCleanup }) => {
    const contents = new DestinationContents(clusters.first.environment.s3);
    onCleanup(() => contents.close());
    return contents;
  })
  .extend('workspaces', async ({ clusters }, { onCleanup }): Promise<TwoWorkspaces> => {
    const first = new Workspace(clusters.first);
    const second = new Workspace(clusters.second, first.namespace);
    onCleanup(async () => {
      await end(first);
      await end(second);
    });
    await first.createNamespace();
    await second.createNamespace();
    return { first, second };
  });
