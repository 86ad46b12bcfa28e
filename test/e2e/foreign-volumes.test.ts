import { describe, expect } from 'vitest';

import { persistentVolumes } from '../../src/kube/objects.ts';
import { checksumOf, deploy, lifeOf, remove, startPod, stopPod } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import { createStaticVolume, startBesideVolume, type StaticVolumeOptions } from './support/static-volume.ts';
import type { Workspace } from './support/workspace.ts';

type ReclaimPolicy = NonNullable<StaticVolumeOptions['reclaimPolicy']>;

/** Another application's volume, with its files, which nobody claims at the moment. */
async function offerForeignVolume(workspace: Workspace, name: string, options: StaticVolumeOptions) {
  const { metadata } = await createStaticVolume(workspace, name, options);
  await startBesideVolume(workspace, name, name);
  const { checksum } = await lifeOf(workspace, name);
  return { volume: { name: metadata.name }, checksum };
}

/** A claim with a backup, in the class of another application's volume: it waits, and that volume stays as it is. */
async function expectUntouched(workspace: Workspace, storageClassName: string, reclaimPolicy: ReclaimPolicy) {
  const { client } = workspace;
  const name = reclaimPolicy.toLowerCase();
  const { volume, checksum } = await offerForeignVolume(workspace, name, { storageClassName, reclaimPolicy });
  await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
  await startPod(workspace, 'notes');
  const told = await untilTold(workspace, 'notes', 'RestoreHeld', new RegExp(volume.name));
  expect(told.type).toBe('Warning');
  expect(told.message).toContain('nothing was written into it');
  expect(await describeClaim(workspace, 'notes')).toContain(`kubectl annotate pv ${volume.name}`);
  await workspace.eventually('the volume to be available again', async () => {
    const { spec, status } = (await client.get(persistentVolumes, volume)) ?? {};
    return status?.phase === 'Available' && spec?.claimRef === undefined ? true : undefined;
  });
  const left = await client.get(persistentVolumes, volume);
  expect(left?.spec.persistentVolumeReclaimPolicy).toBe(reclaimPolicy);
  expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
  expect(await checksumOf(workspace, name)).toBe(checksum);

  await remove(workspace, 'notes');
  expect(await checksumOf(workspace, name)).toBe(checksum);
  await client.delete(persistentVolumes, volume);
  await stopPod(workspace, name);
}

describe.concurrent("another application's volume that fits a claim with a backup", () => {
  for (const storageClassName of ['', 'static']) {
    scenario(
      `invariant 12: keeps its files in class "${storageClassName}", whatever its reclaim policy, and the claim says so`,
      async ({ workspace }) => {
        await seedBackup(workspace, 'notes');
        await expectUntouched(workspace, storageClassName, 'Delete');
        await expectUntouched(workspace, storageClassName, 'Recycle');
      },
    );
  }

  scenario(
    'invariants 5 and 12: keeps its files beside a claim that chooses another one by a selector, which is told what that means',
    async ({ workspace }) => {
      const storageClassName = 'static';
      await seedBackup(workspace, 'notes');
      const labels = { app: workspace.namespace };
      // Larger than the claim of the other scenario takes as long as there is a smaller one.
      const options = { storageClassName, capacity: '128Mi' };
      const foreign = await offerForeignVolume(workspace, 'foreign', { ...options, reclaimPolicy: 'Delete' });
      const own = await createStaticVolume(workspace, 'own', { ...options, labels });
      await deploy(workspace, 'notes', {
        tier: 'hourly',
        storageClassName,
        spec: { selector: { matchLabels: labels } },
      });
      expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
      const claim = await workspace.claim('notes');
      expect(claim.spec.volumeName).toBe(own.metadata.name);
      expect(claim.metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'ignore' });
      expect(await describeClaim(workspace, 'notes')).toContain('chooses its volume by a spec.selector');
      expect(await checksumOf(workspace, 'foreign')).toBe(foreign.checksum);
    },
  );

  scenario('takes a backup where it is offered, is empty, and its class has no provisioner', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    const annotations = { 'rebound.dev/may-fill': 'true' };
    const { metadata } = await createStaticVolume(workspace, 'offered', { capacity: '48Mi', annotations });
    const spec = { resources: { requests: { storage: '40Mi' } } };
    await deploy(workspace, 'notes', { tier: 'hourly', storageClassName: 'static', spec });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    expect((await workspace.claim('notes')).spec.volumeName).toBe(metadata.name);
  });
});
