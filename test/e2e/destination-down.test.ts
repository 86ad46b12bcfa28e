import { expect } from 'vitest';

import { deploy, lifeOf } from './support/application.ts';
import { describeClaim, storyOf, untilTold } from './support/claim-story.ts';
import { backUpNow, protect, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';

scenario(
  'invariants 1, 2 and 10: while S3 is down claims wait and say why; when it is back they go on by themselves',
  async ({ workspace, cluster }) => {
    await deploy(workspace, 'running', { tier: 'hourly' });
    await lifeOf(workspace, 'running');
    await protect(workspace, 'running');
    const backup = await seedBackup(workspace, 'notes');

    workspace.onEnd(() => cluster.provider.startS3());
    await cluster.provider.stopS3();
    await deploy(workspace, 'notes', { tier: 'hourly' });
    await deploy(workspace, 'new', { tier: 'hourly' });
    for (const name of ['notes', 'new']) {
      await untilTold(workspace, name, 'RestoreHeld', /no data is at risk/);
      const { metadata, status } = await workspace.claim(name);
      expect(metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'hold' });
      expect(status?.phase).toBe('Pending');
    }
    // Looked at again, still not taken for "none".
    await workspace.eventually('the controller to look again', async () => {
      const held = (await storyOf(workspace, 'new')).filter(({ reason }) => reason === 'RestoreHeld');
      return held.reduce((sum, { count }) => sum + (count ?? 1), 0) >= 2;
    });
    expect((await workspace.claim('new')).status?.phase).toBe('Pending');
    expect(await describeClaim(workspace, 'notes')).toMatch(/Warning +RestoreHeld .*ECONNREFUSED|cannot be reached/);

    await cluster.provider.startS3();
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    await untilTold(workspace, 'notes', 'RestoreCompleted', new RegExp(backup.snapshotId.slice(0, 8)));
    expect((await lifeOf(workspace, 'new')).origin).toBe('blank');
    await untilTold(workspace, 'new', 'NoBackup', /certainly no backup/);
    await untilTold(workspace, 'new', 'RestoreCompleted', /blank volume/);
    for (const name of ['notes', 'new']) await protect(workspace, name);

    // The one that ran all the while is as it was, and its backups go on.
    await backUpNow(workspace, 'running');
    await untilProtection(workspace, 'running', 'Protected');
  },
);
