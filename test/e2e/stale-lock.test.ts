import { describe, expect } from 'vitest';

import { deploy, lifeOf } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { readyCondition } from './support/conditions.ts';
import { protect } from './support/protection.ts';
import { lockRepository, seedBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';

const twoHoursSeconds = 2 * 60 * 60;

describe.concurrent('a repository that somebody has locked', () => {
  scenario(
    'invariant 7: what a cluster that died while it pruned has left locked is restored, and backed up again',
    async ({ workspace, contents }) => {
      const backup = await seedBackup(workspace, 'notes');
      const dead = { ageSeconds: twoHoursSeconds };
      const left = [
        await lockRepository(workspace, contents, 'notes', { ...dead, exclusive: true }),
        await lockRepository(workspace, contents, 'notes', { ...dead, exclusive: false }),
      ];

      await deploy(workspace, 'notes', { tier: 'hourly' });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      await untilTold(workspace, 'notes', 'StaleLockRemoved', /exclusive lock .*PID 33 on mover-1/);
      const snapshot = await protect(workspace, 'notes');
      const { namespace } = workspace;
      const keys = await contents.keys(`${namespace}/notes/locks/`);
      expect(left.filter((key) => keys.includes(key))).toEqual([]);
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(
        expect.arrayContaining([snapshot.id, backup.snapshotId]),
      );
    },
  );

  scenario(
    'invariants 10 and 15: a claim waits while a living process has locked its repository, and goes on after it',
    async ({ workspace, contents }) => {
      const backup = await seedBackup(workspace, 'notes');
      const lock = await lockRepository(workspace, contents, 'notes', { ageSeconds: 0, exclusive: true });

      await deploy(workspace, 'notes', { tier: 'hourly' });
      await untilTold(workspace, 'notes', 'RepositoryLocked', /by PID 33 on mover-1.*Rebound removes it at 20/);
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      expect(await describeClaim(workspace, 'notes')).toContain('no data is at risk');
      const { status } = (await restoreOf(workspace, 'notes')) ?? {};
      expect(readyCondition(status?.conditions)).toMatchObject({ status: 'False', reason: 'RepositoryLocked' });
      expect(await contents.keys(lock)).toEqual([lock]);

      await contents.deleteBelow(lock);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    },
  );
});
