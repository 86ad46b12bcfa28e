import { describe, expect } from 'vitest';

import { replicationSources } from '../../../src/engines/volsync/kinds.ts';
import { deploy, lifeOf } from '../support/application.ts';
import { describeClaim, untilTold } from '../support/claim-story.ts';
import { protect, protectionOf, requestBackup, untilCarriedOut, untilProtection } from '../support/protection.ts';
import { seedBackup } from '../support/restic-repository.ts';
import { untilRestore } from '../support/restore-progress.ts';
import { scenario } from '../support/scenario.ts';

describe('while VolSync is away', () => {
  scenario(
    'invariants 1, 3 and 7: restores wait and backups pause; both go on when it is back',
    async ({ workspace, cluster, contents }) => {
      await deploy(workspace, 'running', { tier: 'hourly' });
      await lifeOf(workspace, 'running');
      const first = await protect(workspace, 'running');
      const backup = await seedBackup(workspace, 'notes');

      workspace.onEnd(() => cluster.provider.startVolsync());
      await cluster.provider.stopVolsync();
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await untilRestore(workspace, 'notes', 'Restoring');
      const request = await requestBackup(workspace, 'running');
      await untilTold(workspace, 'notes', 'Restoring', new RegExp(backup.snapshotId.slice(0, 8)));
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      expect(await describeClaim(workspace, 'notes')).toMatch(/Restoring .*Restoring snapshot/);
      expect((await protectionOf(workspace, 'notes'))?.status?.phase).toBe('Restoring');
      const sources = await workspace.client.list(replicationSources, { namespace: workspace.namespace });
      expect(sources.map(({ spec }) => spec['sourcePVC'])).toEqual(['running']);
      expect((await protectionOf(workspace, 'running'))?.status?.lastBackup?.id).toBe(first.id);

      await cluster.provider.startVolsync();
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      await untilCarriedOut(workspace, 'running', request);
      const { status } = await untilProtection(workspace, 'running', 'Protected');
      expect(status?.lastBackup?.id).not.toBe(first.id);
      expect(await contents.snapshotIds(workspace, 'running')).toContain(status?.lastBackup?.id);
    },
  );

  scenario(
    'invariants 1 and 7: gone in the middle of a restore and of a backup, it picks both up when it is back',
    async ({ workspace, cluster }) => {
      await deploy(workspace, 'running', { tier: 'hourly' });
      await lifeOf(workspace, 'running');
      await protect(workspace, 'running');
      const backup = await seedBackup(workspace, 'notes');

      workspace.onEnd(() => cluster.provider.startVolsync());
      const request = await requestBackup(workspace, 'running');
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await workspace.eventually('the movers to have begun', async () => {
        const words = ['-n', workspace.namespace, 'get', 'jobs', '-o', 'name'];
        return /volsync-dst-.*\n?/.test(await cluster.kubectl(words));
      });
      await cluster.provider.stopVolsync();
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await cluster.provider.startVolsync();
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      await untilCarriedOut(workspace, 'running', request);
      await untilProtection(workspace, 'running', 'Protected');
    },
  );
});
