import { expect } from 'vitest';
import { z } from 'zod';

import { deploy, lifeOf } from './support/application.ts';
import { untilTold } from './support/claim-story.ts';
import type { ClusterUnderTest } from './support/cluster-under-test.ts';
import { actingController } from './support/deployments.ts';
import { eventually } from './support/eventually.ts';
import { protect, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';

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

scenario(
  'invariants 1, 7, 10 and 14: without VolSync and its CRDs claims wait or are not protected, say so, and go on once it is installed',
  async ({ workspace, cluster, contents }) => {
    await deploy(workspace, 'running', { tier: 'hourly' });
    const before = await lifeOf(workspace, 'running');
    const first = await protect(workspace, 'running');
    const backup = await seedBackup(workspace, 'notes');
    const controller = (await actingController(cluster)).metadata.uid;
    const crds = await readDefinitions(cluster);

    workspace.onEnd(() => installVolsync(cluster, crds));
    await cluster.provider.stopVolsync();
    await cluster.kubectl(['delete', 'crd', ...names, '--timeout=60s']);
    await deploy(workspace, 'notes', { tier: 'hourly' });
    await deploy(workspace, 'new', { tier: 'hourly' });
    await untilTold(workspace, 'notes', 'RestoreHeld', /VolSync's CRDs are missing\. Install VolSync/);
    expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
    expect((await lifeOf(workspace, 'new')).origin).toBe('blank');
    for (const name of ['new', 'running']) {
      await untilTold(workspace, name, 'Refused', /not protected: .*VolSync's CRDs are missing\. Install VolSync/);
      await untilProtection(workspace, name, 'Degraded', 'Refused');
    }
    expect(await contents.snapshotIds(workspace, 'running')).toContain(first.id);

    await installVolsync(cluster, crds);
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    for (const name of ['new', 'running']) await protect(workspace, name);
    expect(await lifeOf(workspace, 'running')).toEqual(before);
    expect((await actingController(cluster)).metadata.uid).toBe(controller);
  },
);
