import { describe, expect } from 'vitest';

import { MOVER_USER_ANNOTATION, TIER_LABEL } from '../../src/api/labels.ts';
import { replicationSources } from '../../src/engines/volsync/kinds.ts';
import { volumeSnapshots } from '../../src/kube/model/volume-snapshot-kinds.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../src/kube/model/built-in-kinds.ts';
import { applicationContainers, deploy, inApplication, lifeOf, remove, startPod } from './support/application.ts';
import { claimManifest } from './support/claim-manifest.ts';
import { reasonsOf, untilTold } from './support/claim-story.ts';
import { readyCondition } from './support/conditions.ts';
import { statefulSets } from './support/kinds.ts';
import { protect, protectionOf, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const waitForFirstConsumer = { tier: 'hourly', storageClassName: 'hostdir-wffc' };

const ordinals = [0, 1, 2] as const;

/** A StatefulSet with a labelled claim template, as a database has it. */
async function createStatefulSet(workspace: Workspace): Promise<void> {
  const labels = { app: 'shards' };
  await workspace.client.create(statefulSets, {
    metadata: { name: 'shards', namespace: workspace.namespace },
    spec: {
      replicas: ordinals.length,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: applicationContainers({}) },
      volumeClaimTemplates: [claimManifest('data', { tier: 'hourly' })],
    },
  });
}

async function deleteStatefulSet(workspace: Workspace): Promise<void> {
  const { client, namespace } = workspace;
  await client.delete(statefulSets, { namespace, name: 'shards' }, { propagationPolicy: 'Foreground' });
  await Promise.all(
    ordinals.map((ordinal) => client.delete(persistentVolumeClaims, { namespace, name: `data-shards-${ordinal}` })),
  );
  await workspace.eventually('the StatefulSet and its claims to be gone', async () => {
    const labelled = await client.list(persistentVolumeClaims, { namespace, labelSelector: TIER_LABEL });
    return labelled.length === 0 && (await client.get(statefulSets, { namespace, name: 'shards' })) === undefined;
  });
}

describe.concurrent('volumes of all kinds', () => {
  scenario(
    'invariant 1: a claim that binds when a pod first uses it waits for the pod, then is restored',
    async ({ workspace }) => {
      const backup = await seedBackup(workspace, 'notes');
      await workspace.createClaim('notes', waitForFirstConsumer);
      await workspace.eventually('the restore to wait for a pod', async () => {
        const restore = await restoreOf(workspace, 'notes');
        return readyCondition(restore?.status?.conditions)?.reason === 'WaitingForConsumer';
      });
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await startPod(workspace, 'notes');
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      expect(await reasonsOf(workspace, 'notes')).toContain('RestoreCompleted');
    },
  );

  scenario('a new claim that binds when a pod first uses it starts blank and is backed up', async ({ workspace }) => {
    await deploy(workspace, 'notes', waitForFirstConsumer);
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
    await protect(workspace, 'notes');
  });

  scenario('invariant 1: the replicas of a StatefulSet come back, each with its own data', async ({ workspace }) => {
    await createStatefulSet(workspace);
    const pods = ordinals.map((ordinal) => `shards-${ordinal}`);
    const first = await Promise.all(pods.map((pod) => lifeOf(workspace, pod)));
    expect(first.map(({ origin }) => origin)).toEqual(['blank', 'blank', 'blank']);
    expect(new Set(first.map(({ checksum }) => checksum)).size).toBe(ordinals.length);
    await Promise.all(pods.map((pod) => protect(workspace, `data-${pod}`)));

    await deleteStatefulSet(workspace);
    await createStatefulSet(workspace);
    const second = await Promise.all(pods.map((pod) => lifeOf(workspace, pod)));
    expect(second).toEqual(first.map(({ checksum }) => ({ origin: 'filled', checksum })));
  });

  scenario("invariant 5: a user's own data source wins over a backup", async ({ workspace }) => {
    const { client, namespace } = workspace;
    await deploy(workspace, 'source');
    const source = await lifeOf(workspace, 'source');
    await client.create(volumeSnapshots, {
      metadata: { name: 'by-hand', namespace },
      spec: { source: { persistentVolumeClaimName: 'source' } },
    });
    await workspace.eventually('the snapshot to be ready', async () => {
      const snapshot = await client.get(volumeSnapshots, { namespace, name: 'by-hand' });
      return snapshot?.status?.readyToUse === true;
    });
    const backup = await seedBackup(workspace, 'notes');

    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'by-hand' };
    await deploy(workspace, 'notes', { tier: 'hourly', spec: { dataSource } });
    const life = await lifeOf(workspace, 'notes');
    expect(life).toEqual({ origin: 'filled', checksum: source.checksum });
    expect(life.checksum).not.toBe(backup.checksum);
    const { metadata, spec } = await workspace.claim('notes');
    expect(spec.dataSourceRef).toEqual(dataSource);
    expect(metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'ignore' });
    expect(await restoreOf(workspace, 'notes')).toBeUndefined();
  });

  scenario('files that only their owner may read come back, with owner and mode', async ({ workspace, contents }) => {
    const options = { tier: 'hourly', user: 1000 };
    await deploy(workspace, 'vault', options);
    const first = await lifeOf(workspace, 'vault');
    expect(first.origin).toBe('blank');
    await protect(workspace, 'vault');
    expect((await protectionOf(workspace, 'vault'))?.status?.moverUser).toMatchObject({ runAsUser: 1000 });
    expect((await contents.ledger(workspace, 'vault')).mover).toMatchObject({ runAsUser: 1000 });
    await remove(workspace, 'vault');

    await workspace.createClaim('vault', options);
    await workspace.untilBound('vault');
    expect((await restoreOf(workspace, 'vault'))?.status?.moverUser).toMatchObject({ runAsUser: 1000 });
    await startPod(workspace, 'vault', options);
    expect(await lifeOf(workspace, 'vault')).toEqual({ origin: 'filled', checksum: first.checksum });
    expect(await inApplication(workspace, 'vault', `stat -c '%a %u:%g' . secret`, options)).toBe(
      '700 1000:1000\n600 1000:1000',
    );
    await inApplication(workspace, 'vault', 'date > written-after-the-restore', options);
    await protect(workspace, 'vault');
  });

  scenario(
    'the mover runs as the user that an annotation names, and no file changes its owner or mode on the way',
    async ({ workspace }) => {
      const annotations = { [MOVER_USER_ANNOTATION]: '1234:1234:1234' };
      const options = { tier: 'hourly', annotations, user: 1234 };
      await deploy(workspace, 'vault', options);
      const first = await lifeOf(workspace, 'vault');
      await protect(workspace, 'vault');
      const moverUser = { runAsUser: 1234, runAsGroup: 1234, fsGroup: 1234 };
      expect((await protectionOf(workspace, 'vault'))?.status?.moverUser).toEqual(moverUser);
      const modes = await inApplication(workspace, 'vault', "stat -c '%a %u:%g %n' . secret", options);
      expect(modes).toBe('700 1234:1234 .\n600 1234:1234 secret');
      await remove(workspace, 'vault');
      await deploy(workspace, 'vault', options);
      expect(await lifeOf(workspace, 'vault')).toEqual({ origin: 'filled', checksum: first.checksum });
      expect(await inApplication(workspace, 'vault', "stat -c '%a %u:%g %n' . secret", options)).toBe(modes);
      expect(first.origin).toBe('blank');
    },
  );

  scenario(
    'invariants 1, 4 and 10: a claim that lost its volume says so, and comes back when it is created again',
    async ({ workspace, contents }) => {
      const { client, namespace } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const life = await lifeOf(workspace, 'notes');
      const snapshot = await protect(workspace, 'notes');
      const volume = { name: (await workspace.claim('notes')).spec.volumeName ?? '' };
      await client.delete(persistentVolumes, volume);
      await client.mergePatch(persistentVolumes, volume, { metadata: { finalizers: null } });

      const told = await untilTold(workspace, 'notes', 'VolumeLost', /Delete the claim and create it again/);
      expect(told.type).toBe('Warning');
      expect(told.message).toContain(snapshot.id.slice(0, 8));
      expect((await workspace.claim('notes')).status?.phase).toBe('Lost');
      await untilProtection(workspace, 'notes', 'Degraded', 'VolumeLost');
      await workspace.eventually('the schedule of its backups to be gone', async () => {
        return (await client.list(replicationSources, { namespace })).length === 0;
      });
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(snapshot.id);

      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: 'hourly' });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: life.checksum });
    },
  );

  scenario('invariant 5: a claim that names its volume is left alone', async ({ workspace }) => {
    const { client, namespace } = workspace;
    await deploy(workspace, 'notes');
    const life = await lifeOf(workspace, 'notes');
    const volumeName = (await workspace.claim('notes')).spec.volumeName ?? '';
    const patchVolume = (patch: object) => client.mergePatch(persistentVolumes, { name: volumeName }, patch);
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await remove(workspace, 'notes');
    // Free for the claim of this name only: claims of other tests would take it.
    await patchVolume({ spec: { claimRef: { uid: null, resourceVersion: null } } });
    workspace.onEnd(() => patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Delete' } }));
    await seedBackup(workspace, 'notes');

    await deploy(workspace, 'notes', { tier: 'hourly', spec: { volumeName } });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: life.checksum });
    const claim = await client.get(persistentVolumeClaims, { namespace, name: 'notes' });
    expect(claim?.spec.dataSourceRef).toBeUndefined();
    expect(claim?.spec.volumeName).toBe(volumeName);
  });
});
