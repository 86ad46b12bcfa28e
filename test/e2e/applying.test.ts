import { describe, expect } from 'vitest';

import { persistentVolumeClaims, persistentVolumes } from '../../src/kube/model/built-in-kinds.ts';
import { applicationContainers, checksumOf, lifeOf, startPod } from './support/application.ts';
import { giveClaim, versionOf } from './support/applied-claim.ts';
import { claimManifest, type ClaimOptions } from './support/claim-manifest.ts';
import { resourceQuotas, statefulSets } from './support/kinds.ts';
import { protect } from './support/protection.ts';
import { type SeededBackup, seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import { createStaticVolume } from './support/static-volume.ts';
import type { Workspace } from './support/workspace.ts';

/** Of a class that is no CSI driver's: while such a claim waits it has a selector besides its data source. */
const localPath: ClaimOptions = { tier: 'hourly', storageClassName: 'local-path' };
const ofSize = (storage: string) => ({ resources: { requests: { storage } } });

/** The claim that `give` makes is restored; returns it. */
async function restored(workspace: Workspace, { checksum }: SeededBackup, give: () => Promise<unknown>) {
  await give();
  await startPod(workspace, 'notes');
  expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
  const claim = await workspace.claim('notes');
  expect(claim.spec.dataSourceRef).toMatchObject({ kind: 'VolumeRestore' });
  return claim;
}

/** The claim is the one that was restored, with its volume and all that was added to it, and its data are there. */
async function expectKept(
  workspace: Workspace,
  { metadata, spec }: Awaited<ReturnType<Workspace['claim']>>,
  { checksum }: SeededBackup,
): Promise<void> {
  const now = await workspace.claim('notes');
  expect(now.metadata.uid).toBe(metadata.uid);
  expect(now.status?.phase).toBe('Bound');
  const { volumeName, selector, dataSourceRef } = spec;
  expect(now.spec).toMatchObject({ volumeName, dataSourceRef, ...(selector === undefined ? {} : { selector }) });
  expect(await checksumOf(workspace, 'notes')).toBe(checksum);
}

/**
 * Changes the claim as `helm upgrade` does from version 3 on: by a strategic patch of what the manifests of two releases differ in, where
 * they differ (pkg/kube/client.go: updateResource). Nothing is sent for the same manifest.
 */
const upgradeRelease = ({ cluster, namespace }: Workspace, difference: object): Promise<string> =>
  cluster.kubectl([
    ...['-n', namespace, 'patch', 'persistentvolumeclaim', 'notes', '--field-manager=helm', '--type=strategic'],
    ...['--patch', JSON.stringify(difference)],
  ]);

async function createStatefulSet(workspace: Workspace): Promise<void> {
  const labels = { app: 'shards' };
  await workspace.client.create(statefulSets, {
    metadata: { name: 'shards', namespace: workspace.namespace },
    spec: {
      replicas: 2,
      podManagementPolicy: 'Parallel',
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: applicationContainers({}) },
      volumeClaimTemplates: [claimManifest('data', { tier: 'hourly' })],
    },
  });
}

const changeStatefulSet = ({ client, namespace }: Workspace, spec: object): Promise<unknown> =>
  client.mergePatch(statefulSets, { namespace, name: 'shards' }, { spec });

const untilGone = (workspace: Workspace, kind: 'pod' | 'pvc', name: string): Promise<unknown> =>
  workspace.eventually(`${kind} ${name} to be gone`, async () => {
    const found = await workspace.cluster.kubectl(['-n', workspace.namespace, 'get', kind, name, '--ignore-not-found']);
    return found === '';
  });

describe.concurrent('a claim that was restored, and what its owners do next', () => {
  scenario(
    'invariant 1: kubectl apply of the same manifest changes nothing, and of another that',
    async ({ workspace }) => {
      const backup = await seedBackup(workspace, 'notes');
      const claim = await restored(workspace, backup, () => giveClaim(workspace, 'notes', localPath, ['apply']));
      const before = versionOf(await workspace.claim('notes'));
      const again = await giveClaim(workspace, 'notes', localPath, ['apply']);
      expect(again.stdout).toBe('persistentvolumeclaim/notes unchanged');
      expect(versionOf(await workspace.claim('notes'))).toEqual(before);
      const other = { ...localPath, annotations: { owner: 'somebody' } };
      expect((await giveClaim(workspace, 'notes', other, ['apply'])).stdout).toBe(
        'persistentvolumeclaim/notes configured',
      );
      await expectKept(workspace, claim, backup);
    },
  );

  scenario('invariant 1: a server-side apply of the same manifest changes nothing', async ({ workspace }) => {
    const words = ['apply', '--server-side'];
    const backup = await seedBackup(workspace, 'notes');
    const claim = await restored(workspace, backup, () => giveClaim(workspace, 'notes', localPath, words));
    const before = versionOf(await workspace.claim('notes'));
    await giveClaim(workspace, 'notes', localPath, words);
    expect(versionOf(await workspace.claim('notes'))).toEqual(before);
    await giveClaim(workspace, 'notes', { ...localPath, annotations: { owner: 'somebody' } }, words);
    await expectKept(workspace, claim, backup);
  });

  scenario('invariant 1: a release of Helm with a restored claim in it is upgraded', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    const annotations = { 'meta.helm.sh/release-name': 'notes', 'meta.helm.sh/release-namespace': workspace.namespace };
    const install = ['create', '--field-manager=helm'];
    const claim = await restored(workspace, backup, () =>
      giveClaim(workspace, 'notes', { ...localPath, annotations }, install),
    );
    await upgradeRelease(workspace, { metadata: { annotations: { owner: 'somebody' } } });
    await upgradeRelease(workspace, {
      metadata: { annotations: { owner: null } },
      spec: { storageClassName: 'local-path' },
    });
    await expectKept(workspace, claim, backup);
  });

  scenario('invariant 1: a larger request in the manifest makes the volume grow', async ({ workspace }) => {
    const options = { tier: 'hourly', storageClassName: 'ext4-immediate' };
    const backup = await seedBackup(workspace, 'notes');
    const claim = await restored(workspace, backup, () => giveClaim(workspace, 'notes', options, ['apply']));
    await giveClaim(workspace, 'notes', { ...options, spec: ofSize('128Mi') }, ['apply']);
    await workspace.eventually('the volume to grow', async () => {
      const volume = [
        'get',
        'persistentvolume',
        claim.spec.volumeName ?? '',
        '-o',
        'jsonpath={.spec.capacity.storage}',
      ];
      return (await workspace.cluster.kubectl(volume)) === '128Mi';
    });
    await expectKept(workspace, claim, backup);
  });

  scenario(
    'invariant 1: a StatefulSet is scaled down and up, whatever becomes of its claims',
    async ({ workspace }) => {
      await createStatefulSet(workspace);
      const { checksum } = await lifeOf(workspace, 'shards-1');
      await protect(workspace, 'data-shards-1');
      const { uid } = (await workspace.claim('data-shards-1')).metadata;
      await changeStatefulSet(workspace, { replicas: 1 });
      await untilGone(workspace, 'pvc', 'data-shards-1');
      await changeStatefulSet(workspace, { replicas: 2 });
      await workspace.eventually('the claim to be made again', () => workspace.claim('data-shards-1'));
      expect(await lifeOf(workspace, 'shards-1')).toEqual({ origin: 'filled', checksum });
      const second = (await workspace.claim('data-shards-1')).metadata;
      expect(second.uid).not.toBe(uid);

      await changeStatefulSet(workspace, { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain' } });
      await workspace.eventually('the claim to be let go of', async () => {
        return ((await workspace.claim('data-shards-1')).metadata.ownerReferences ?? []).length === 0;
      });
      await changeStatefulSet(workspace, { replicas: 1 });
      await untilGone(workspace, 'pod', 'shards-1');
      await changeStatefulSet(workspace, { replicas: 2 });
      expect(await lifeOf(workspace, 'shards-1')).toEqual({ origin: 'filled', checksum });
      expect((await workspace.claim('data-shards-1')).metadata.uid).toBe(second.uid);
    },
  );

  scenario('invariant 1: a quota with room for the claim twice and a cache is enough', async ({ workspace }) => {
    const { client, namespace } = workspace;
    const options = { tier: 'hourly', spec: ofSize('64Mi') };
    const backup = await seedBackup(workspace, 'notes');
    // The mover's cache asks for a gibibyte.
    const hard = { 'requests.storage': `${64 + 64 + 1024}Mi`, persistentvolumeclaims: '3' };
    await client.create(resourceQuotas, { metadata: { namespace, name: 'tight' }, spec: { hard } });
    const claim = await restored(workspace, backup, () =>
      // The API server refuses everything until the quota was counted for the first time.
      workspace.eventually('the claim to be admitted', () => giveClaim(workspace, 'notes', options, ['apply'])),
    );
    await protect(workspace, 'notes');
    expect((await giveClaim(workspace, 'notes', options, ['apply'])).stdout).toContain('unchanged');
    await expectKept(workspace, claim, backup);
  });

  scenario('invariants 1 and 5: Terraform has nothing to replace in a restored claim', async ({ workspace }) => {
    const { client } = workspace;
    const options: ClaimOptions = { tier: 'hourly', storageClassName: 'hostdir-nofsgroup' };
    const words = ['apply', '--server-side', '--field-manager=Terraform'];
    const backup = await seedBackup(workspace, 'notes');
    // Too small for the claim: that it is there is what admission knows of it.
    const available = { storageClassName: 'hostdir-nofsgroup', capacity: '1Mi' };
    const { name } = (await createStaticVolume(workspace, 'available', available)).metadata;
    const warning = /Warning: .*Available volume.*Terraform replaces claims whose selector changes/;
    await workspace.eventually('the volume to be known to admission', async () => {
      return warning.test((await giveClaim(workspace, 'notes', options, [...words, '--dry-run=server'])).stderr);
    });
    const created = await giveClaim(workspace, 'notes', options, words);
    expect(created.stderr).toMatch(warning);
    const claim = await restored(workspace, backup, async () => undefined);
    expect(claim.spec.selector).toBeUndefined();
    const before = versionOf(await workspace.claim('notes'));
    const planned = await giveClaim(workspace, 'notes', options, [...words, '--dry-run=server', '-o', 'json']);
    const plan = persistentVolumeClaims.parse(JSON.parse(planned.stdout));
    expect([versionOf(plan), plan.spec]).toEqual([before, claim.spec]);
    await giveClaim(workspace, 'notes', options, words);
    expect(versionOf(await workspace.claim('notes'))).toEqual(before);
    await expectKept(workspace, claim, backup);
    expect((await client.get(persistentVolumes, { name }))?.spec.claimRef).toBeUndefined();
  });
});
