import { describe, expect } from 'vitest';

import { persistentVolumeClaims, persistentVolumes } from '../../src/kube/model/built-in-kinds.ts';
import { inApplication, lifeOf, remove, startPod } from './support/application.ts';
import { claimManifest } from './support/claim-manifest.ts';
import { reasonsOf } from './support/claim-story.ts';
import { readyCondition } from './support/conditions.ts';
import { seedBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const localPath = { tier: 'hourly', storageClassName: 'local-path' };

/** A folder of the node, offered as a volume of a class. Gone with the test. */
async function offerVolume(
  workspace: Workspace,
  storageClassName: string,
  annotations: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { client } = workspace;
  const name = workspace.namespace;
  await client.create(persistentVolumes, {
    metadata: { name, annotations },
    spec: {
      storageClassName,
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/var/tmp/rebound-${name}`, type: 'DirectoryOrCreate' },
    },
  });
  workspace.onEnd(() => client.delete(persistentVolumes, { name }));
  return name;
}

/** The restore of a claim says that it is stuck, or has waited for long enough to be told. */
const untilStuck = (workspace: Workspace, claim: string) =>
  workspace.eventually(`the restore of ${claim} to say why it waits`, async () => {
    const ready = readyCondition((await restoreOf(workspace, claim))?.status?.conditions);
    return ready?.reason === 'ForeignVolume' || ready?.reason === 'WaitingForVolume' ? ready.reason : undefined;
  });

describe("classes whose volumes are no CSI driver's", () => {
  scenario('invariant 1: a claim of local-path waits, is restored, and can be applied again', async ({ workspace }) => {
    const { client, namespace } = workspace;
    const backup = await seedBackup(workspace, 'notes');
    const waiting = await workspace.createClaim('notes', localPath);
    expect(waiting.spec.selector?.matchLabels).toEqual({ 'rebound.dev/waits-for': waiting.spec.dataSourceRef?.name });
    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    expect(await reasonsOf(workspace, 'notes')).toContain('RestoreCompleted');

    const { metadata, ...rest } = claimManifest('notes', localPath);
    const again = await client.apply(persistentVolumeClaims, { metadata: { ...metadata, namespace }, ...rest });
    expect(again.spec).toEqual((await workspace.claim('notes')).spec);
  });

  scenario('invariant 1: an exported claim of local-path is restored again', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    await workspace.createClaim('notes', localPath);
    await startPod(workspace, 'notes');
    await lifeOf(workspace, 'notes');
    await inApplication(workspace, 'notes', 'rm -rf ./*');
    const { volumeName: _volume, ...exported } = (await workspace.claim('notes')).spec;
    await remove(workspace, 'notes');
    const anew = await workspace.createClaim('notes', { ...localPath, spec: exported });
    expect(anew.spec.selector?.matchLabels).toEqual({ 'rebound.dev/waits-for': anew.spec.dataSourceRef?.name });
    expect(anew.spec.dataSourceRef?.name).not.toBe(exported.dataSourceRef?.name);
    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
  });

  for (const storageClassName of ['', 'static']) {
    scenario(
      `invariant 1: a claim of class "${storageClassName}" does not bind blank to a volume that fits it`,
      async ({ workspace }) => {
        await seedBackup(workspace, 'notes');
        const volume = await offerVolume(workspace, storageClassName);
        await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
        await startPod(workspace, 'notes');
        await untilStuck(workspace, 'notes');
        expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
        const found = await workspace.client.get(persistentVolumes, { name: volume });
        expect(found?.spec.claimRef?.name).not.toBe('notes');
        await workspace.eventually('the volume to be free again', async () => {
          const { spec, status } = (await workspace.client.get(persistentVolumes, { name: volume })) ?? {};
          return spec?.claimRef === undefined && status?.phase === 'Available' ? true : undefined;
        });
        // A restore that waits leaves nothing behind either.
        await remove(workspace, 'notes');
      },
    );
  }

  scenario('a claim without a class is restored into a volume that is offered for that', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    const volume = await offerVolume(workspace, '', { 'rebound.dev/may-fill': 'true' });
    await workspace.createClaim('notes', { tier: 'hourly', storageClassName: '' });
    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    expect((await workspace.claim('notes')).spec.volumeName).toBe(volume);
  });

  scenario('a new claim without a class binds to a volume that fits it', async ({ workspace }) => {
    await offerVolume(workspace, '');
    const claim = await workspace.createClaim('notes', { tier: 'hourly', storageClassName: '' });
    expect(claim.spec.selector).toBeUndefined();
    await startPod(workspace, 'notes');
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
  });
});
