import { test as base } from 'vitest';

import { namespaces } from '../../../src/kube/model/built-in-kinds.ts';
import { ClusterUnderTest } from './cluster-under-test.ts';
import { DestinationContents } from './destination-contents.ts';
import { untilTidy } from './leftovers.ts';
import { Workspace } from './workspace.ts';

/** A test with a cluster, the contents of its destination, and a namespace of its own that must be left tidy. */
export const scenario = base
  .extend('cluster', { scope: 'file' }, async ({}, { onCleanup }) => {
    const cluster = await ClusterUnderTest.connect();
    onCleanup(() => cluster.close());
    return cluster;
  })
  .extend('contents', { scope: 'file' }, async ({ cluster }, { onCleanup }) => {
    const contents = new DestinationContents(cluster.environment.s3);
    onCleanup(() => contents.close());
    return contents;
  })
  .extend('workspace', async ({ cluster, task }, { onCleanup }) => {
    const workspace = new Workspace(cluster);
    await workspace.createNamespace();
    onCleanup(async () => {
      try {
        if (task.result?.state !== 'fail') await untilTidy(workspace);
      } finally {
        await workspace.end();
        // Its end is waited for when all tests are over: see global-setup.ts.
        await cluster.client.delete(namespaces, { name: workspace.namespace });
      }
    });
    return workspace;
  });
