import { afterAll, beforeAll } from 'vitest';
import { ClusterUnderTest } from './cluster-under-test.ts';
import { untilAvailable } from './deployments.ts';
import { ProcessKiller } from './process-killer.ts';
import { Workspace } from './workspace.ts';

/** What the tests of a group kill the controller with. It is there from their first to their last. */
export interface KillingGround {
  readonly cluster: () => ClusterUnderTest;
  readonly killer: () => ProcessKiller;
}

/** Made before the tests of the group that it is called in; after them the controller runs again. */
export function killingGround(): KillingGround {
  let cluster: ClusterUnderTest;
  let workspace: Workspace;
  let killer: ProcessKiller;

  beforeAll(async () => {
    cluster = await ClusterUnderTest.connect();
    workspace = new Workspace(cluster);
    await workspace.createNamespace();
    killer = await ProcessKiller.start(workspace);
  });

  afterAll(async () => {
    killer.stop();
    await workspace.deleteNamespace();
    await untilAvailable(cluster, 'controller');
    await cluster.close();
  });

  return { cluster: () => cluster, killer: () => killer };
}
