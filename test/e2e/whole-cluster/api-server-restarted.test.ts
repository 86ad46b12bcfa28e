import { describe, expect } from 'vitest';

import { deploy, lifeOf } from '../support/application.ts';
import { untilAvailable } from '../support/deployments.ts';
import { protect } from '../support/protection.ts';
import { seedBackup } from '../support/restic-repository.ts';
import { untilRestore } from '../support/restore-progress.ts';
import { scenario } from '../support/scenario.ts';

describe('an API server that dies and comes back', () => {
  scenario(
    'invariants 1 and 7: in the middle of restores: they end well, and nothing is left over',
    async ({ workspace, cluster }) => {
      const names = ['early', 'late'] as const;
      const [early, late] = [await seedBackup(workspace, 'early'), await seedBackup(workspace, 'late')];
      await deploy(workspace, 'early', { tier: 'hourly' });
      await untilRestore(workspace, 'early', 'Restoring');
      await deploy(workspace, 'late', { tier: 'hourly' });
      await cluster.provider.restartApiServer();

      const lives = await Promise.all(names.map((name) => lifeOf(workspace, name)));
      expect(lives).toEqual([early, late].map(({ checksum }) => ({ origin: 'filled', checksum })));
      await Promise.all(names.map((name) => untilRestore(workspace, name, 'Completed')));
      await untilAvailable(cluster, 'controller');
      await untilAvailable(cluster, 'webhook');
      await deploy(workspace, 'new', { tier: 'hourly' });
      expect((await lifeOf(workspace, 'new')).origin).toBe('blank');
      await protect(workspace, 'new');
    },
  );
});
