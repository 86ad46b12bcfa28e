import { expect } from 'vitest';
import { z } from 'zod';

import { backupPolicies } from '../../src/api/resource-kinds.ts';
import { SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import { pods } from '../../src/kube/model/built-in-kinds.ts';
import { checksumOf, deploy, lifeOf, remove } from './support/application.ts';
import { untilTold } from './support/claim-story.ts';
import type { ClusterUnderTest } from './support/cluster-under-test.ts';
import { actingController, untilAvailable } from './support/deployments.ts';
import { eventually } from './support/eventually.ts';
import { makeOwnTier } from './support/own-tier.ts';
import { protect, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const names = ['replicationdestinations.volsync.backube', 'replicationsources.volsync.backube'];

const definitions = z.object({
  items: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).optional() }),
      spec: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** VolSync's CRDs as somebody would install them. */
async function readDefinitions(cluster: ClusterUnderTest): Promise<string> {
  const found = definitions.parse(JSON.parse(await cluster.kubectl(['get', 'crd', ...names, '-o', 'json'])));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: found.items });
}

async function installVolsync(cluster: ClusterUnderTest, crds: string): Promise<void> {
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=rebound-cluster', '-f', '-'];
  await cluster.kubectl(apply, crds);
  // A CRD without conditions, as it is at first, is an error for kubectl.
  await eventually('the CRDs to be established', () =>
    cluster.kubectl(['wait', '--for=condition=Established', '--timeout=10s', 'crd', ...names]),
  );
  await cluster.provider.startVolsync();
}

/** VolSync and its CRDs go, until the test ends at the latest. */
async function removeVolsync(workspace: Workspace, crds: string): Promise<void> {
  const { cluster } = workspace;
  workspace.onEnd(() => installVolsync(cluster, crds));
  await cluster.provider.stopVolsync();
  await cluster.kubectl(['delete', 'crd', ...names, '--timeout=60s']);
}

/** The acting controller dies; another one has to read everything. */
async function restartController(cluster: ClusterUnderTest): Promise<void> {
  const { metadata } = await actingController(cluster);
  await cluster.client.delete(pods, { namespace: SYSTEM_NAMESPACE, name: metadata.name }, { gracePeriodSeconds: 0 });
  await eventually('another controller to act', async () => {
    const acting = await actingController(cluster).catch(() => undefined);
    return acting !== undefined && acting.metadata.uid !== metadata.uid;
  });
  await untilAvailable(cluster, 'controller');
}

scenario(
  'invariants 1, 7, 10 and 14: without VolSync and its CRDs claims wait or are not protected, say so, and go on once it is installed',
  async ({ workspace, cluster, contents }) => {
    await deploy(workspace, 'running', { tier: 'hourly' });
    const before = await lifeOf(workspace, 'running');
    const first = await protect(workspace, 'running');
    const backup = await seedBackup(workspace, 'notes');
    const controller = (await actingController(cluster)).metadata.uid;
    const crds = await readDefinitions(cluster);

    await removeVolsync(workspace, crds);
    await deploy(workspace, 'notes', { tier: 'hourly' });
    await deploy(workspace, 'new', { tier: 'hourly' });
    await untilTold(workspace, 'notes', 'RestoreHeld', /VolSync's CRDs are missing\. Install VolSync/);
    expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
    expect((await lifeOf(workspace, 'new')).origin).toBe('blank');
    for (const name of ['new', 'running']) {
      await untilTold(workspace, name, 'EngineMissing', /VolSync's CRDs are missing\. Install VolSync/);
      await untilProtection(workspace, name, 'Degraded', 'EngineMissing');
    }
    expect(await contents.snapshotIds(workspace, 'running')).toContain(first.id);

    await installVolsync(cluster, crds);
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    for (const name of ['new', 'running']) await protect(workspace, name);
    expect(await lifeOf(workspace, 'running')).toEqual(before);
    expect((await actingController(cluster)).metadata.uid).toBe(controller);
  },
);

scenario(
  'invariants 1 and 3: without VolSync and its CRDs a controller starts, and claims of tiers with engine Restic are backed up and restored',
  async ({ workspace, cluster }) => {
    const { name: tier } = await makeOwnTier(workspace);
    await workspace.client.mergePatch(backupPolicies, { name: tier }, { spec: { engine: 'Restic' } });
    const crds = await readDefinitions(cluster);
    await removeVolsync(workspace, crds);
    await restartController(cluster);

    const options = { tier, storageClassName: 'ext4-immediate' };
    await deploy(workspace, 'notes', options);
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
    await protect(workspace, 'notes');
    const checksum = await checksumOf(workspace, 'notes');
    await remove(workspace, 'notes');
    await deploy(workspace, 'notes', options);
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
    await untilProtection(workspace, 'notes', 'Protected');
    // Whoever looks for leftovers asks for its kinds, too.
    await installVolsync(cluster, crds);
  },
);
