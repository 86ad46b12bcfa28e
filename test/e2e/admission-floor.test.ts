import { describe, expect } from 'vitest';

import { deploy, lifeOf } from './support/application.ts';
import { scale } from './support/deployments.ts';
import { reasonsOf } from './support/claim-story.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';

describe('while the webhook is away', () => {
  scenario(
    'invariants 1 and 6: labelled claims are refused with words that help, others notice nothing, and all is well after',
    async ({ workspace, cluster }) => {
      const backup = await seedBackup(workspace, 'notes');
      workspace.onEnd(() => scale(cluster, 'webhook', 2));
      await scale(cluster, 'webhook', 0);

      const refused = workspace.createClaim('notes', { tier: 'hourly' });
      await expect(refused).rejects.toThrow(/Rebound has not decided .*it was not created\. See that Rebound runs/s);
      const annotations = {
        'rebound.dev/decision': 'fresh',
        'rebound.dev/decision-token': `${workspace.namespace}/notes@2026-01-01T00:00:00Z`,
      };
      const forged = workspace.createClaim('notes', { tier: 'hourly', annotations });
      await expect(forged).rejects.toThrow('carries a decision of 2026-01-01T00:00:00Z, but it is ');
      await deploy(workspace, 'scratch');
      expect((await lifeOf(workspace, 'scratch')).origin).toBe('blank');

      await scale(cluster, 'webhook', 2);
      // The API server's view of the service lags behind the pods' readiness.
      await workspace.eventually('a labelled claim to be admitted again', () =>
        workspace.createClaim('probe', { tier: 'hourly' }),
      );
      await deploy(workspace, 'notes', { tier: 'hourly' });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      expect(await reasonsOf(workspace, 'notes')).toContain('RestoreCompleted');
    },
  );
});
