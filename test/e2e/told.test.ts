import { describe, expect } from 'vitest';

import { TIER_LABEL } from '../../src/api/labels.ts';
import { persistentVolumeClaims } from '../../src/kube/model/built-in-kinds.ts';
import { deploy, inApplication, lifeOf, remove } from './support/application.ts';
import { claimManifest, type ClaimOptions } from './support/claim-manifest.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { resourceQuotas } from './support/kinds.ts';
import { protect, protectionOf, requestBackup, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import { decorateScript } from './support/volume-metadata.ts';
import type { Workspace } from './support/workspace.ts';

/** What kubectl prints for whoever makes the claim. */
async function warningsOf(workspace: Workspace, name: string, options: ClaimOptions): Promise<string> {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claimManifest(name, options) };
  const words = ['-n', workspace.namespace, 'create', '-f', '-'];
  const { exitCode, stderr } = await workspace.cluster.tryKubectl(words, JSON.stringify(claim));
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stderr;
}

const QUOTA = 'claims';

const allowClaims = (workspace: Workspace, count: number) =>
  workspace.client.apply(resourceQuotas, {
    metadata: { name: QUOTA, namespace: workspace.namespace },
    spec: { hard: { persistentvolumeclaims: String(count) } },
  });

describe.concurrent('what cannot be as the user expects is told on the claim', () => {
  scenario(
    'invariants 10 and 14: a quota that leaves no room for a restore, and then for a backup, in the words of the API server',
    async ({ workspace }) => {
      const { client, namespace } = workspace;
      const backup = await seedBackup(workspace, 'notes');
      await allowClaims(workspace, 1);
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const told = await untilTold(workspace, 'notes', 'RestoreHeld', /exceeded quota: claims/);
      expect(told.type).toBe('Warning');
      expect(told.message).toContain('persistentvolumeclaims=1');
      expect(await describeClaim(workspace, 'notes')).toContain('exceeded quota');
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await allowClaims(workspace, 3);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });

      await allowClaims(workspace, 1);
      await requestBackup(workspace, 'notes');
      await untilTold(workspace, 'notes', 'BackupFailing', /exceeded quota: claims/);
      await client.delete(resourceQuotas, { namespace, name: QUOTA });
      await protect(workspace, 'notes');
    },
  );

  scenario('a data source of another tool, to whoever makes the claim', async ({ workspace }) => {
    await seedBackup(workspace, 'notes');
    const dataSourceRef = { apiGroup: 'populators.example.com', kind: 'Download', name: 'pictures' };
    const warned = await warningsOf(workspace, 'notes', { tier: 'hourly', spec: { dataSourceRef } });
    expect(warned).toMatch(/Warning: .*filled from Download pictures.*no backup of Rebound's is restored/);
    const { metadata, spec } = await workspace.claim('notes');
    expect(spec.dataSourceRef).toEqual(dataSourceRef);
    expect(metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'ignore' });
    expect(await describeClaim(workspace, 'notes')).toContain('no backup of Rebound');
  });

  scenario('a block device, to whoever makes the claim and in its events', async ({ workspace }) => {
    const options = { tier: 'hourly', storageClassName: 'ext4-immediate', spec: { volumeMode: 'Block' } };
    expect(await warningsOf(workspace, 'disk', options)).toMatch(/Warning: .*block device.*it gets no backups/);
    const told = await untilTold(workspace, 'disk', 'BlockVolume');
    expect(told.type).toBe('Warning');
    await untilProtection(workspace, 'disk', 'Degraded', 'BlockVolume');
  });

  scenario('a label that was forgotten, when the name has backups', async ({ workspace }) => {
    await seedBackup(workspace, 'notes');
    await deploy(workspace, 'notes');
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
    const told = await untilTold(workspace, 'notes', 'LabelMissing', /not restored, and is not backed up/);
    expect(told.type).toBe('Warning');
    expect(told.message).toContain('backup: hourly');
    expect((await workspace.claim('notes')).metadata.annotations).not.toHaveProperty('rebound.dev/decision');
  });

  scenario('a class without a VolumeSnapshotClass: restored, and then not backed up', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    await deploy(workspace, 'notes', { tier: 'hourly', storageClassName: 'hostdir-nosnap' });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    const told = await untilTold(workspace, 'notes', 'BackupFailing', /VolumeSnapshotClass/i);
    expect(told.type).toBe('Warning');
    await untilProtection(workspace, 'notes', 'Degraded', 'BackupFailing');
  });

  scenario('invariant 11: what a restore would lack, by name, at the first backup', async ({ workspace }) => {
    const { client, namespace } = workspace;
    await deploy(workspace, 'notes', { storageClassName: 'ext4-immediate' });
    await lifeOf(workspace, 'notes');
    await inApplication(workspace, 'notes', `${decorateScript}; chown 1234:5678 tagged`);
    const labels = { [TIER_LABEL]: 'hourly' };
    await client.mergePatch(persistentVolumeClaims, { namespace, name: 'notes' }, { metadata: { labels } });
    const told = await untilTold(workspace, 'notes', 'RestoreLimited');
    expect(told.type).toBe('Warning');
    expect(told.message).toMatch(/1 of \d+ files and folders belongs to 1234:5678, such as tagged/);
    expect(told.message).toContain('ACLs on 1 file or folder, such as shared');
    expect(told.message).toContain('File capabilities of 1 file or folder, such as program');
    expect(told.message).toContain('volsync.backube/privileged-movers');
    const { told: words } = (await protectionOf(workspace, 'notes'))?.status?.restoreForesight ?? {};
    expect(words).toEqual(['RootCannotRestore', 'ACLsLost', 'CapabilitiesLost']);
    await remove(workspace, 'notes');
  });

  scenario('nothing, where a restore brings everything back', async ({ workspace }) => {
    await deploy(workspace, 'notes', { tier: 'hourly' });
    await lifeOf(workspace, 'notes');
    await protect(workspace, 'notes');
    const looked = await workspace.eventually('the backup to be looked into', async () => {
      const { status } = (await protectionOf(workspace, 'notes')) ?? {};
      return status?.restoreForesight === undefined ? undefined : status;
    });
    expect(looked.restoreForesight).toMatchObject({ tree: { whole: true }, told: [] });
    expect(looked.conditions).toContainEqual(expect.objectContaining({ type: 'RestoreLimited', status: 'False' }));
    expect(await describeClaim(workspace, 'notes')).not.toContain('RestoreLimited');
  });
});
