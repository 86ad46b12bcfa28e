import { describe, expect } from 'vitest';

import { backupPolicies } from '../../src/api/resource-kinds.ts';
import { deploy, lifeOf, remove, startPod } from './support/application.ts';
import { untilTold } from './support/claim-story.ts';
import { limitRanges } from './support/kinds.ts';
import { makeOwnTier, untilDestination } from './support/own-tier.ts';
import { protect, requestBackup, untilProtection } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const NAME = 'limits';

type Limit = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

const setLimit = (workspace: Workspace, limit: Limit) =>
  workspace.client.apply(limitRanges, {
    metadata: { name: NAME, namespace: workspace.namespace },
    spec: { limits: [limit] },
  });

const largestClaim = (storage: string): Limit => ({ type: 'PersistentVolumeClaim', max: { storage } });
const defaultMemory = (memory: string): Limit => ({
  type: 'Container',
  default: { memory },
  defaultRequest: { memory: '8Mi' },
});

describe.concurrent('a LimitRange', () => {
  scenario(
    "invariants 10 and 14: that leaves no room for the mover's cache: a restore and a backup wait, and go on with a smaller cache",
    async ({ workspace }) => {
      const { client } = workspace;
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      const backup = await seedBackup(workspace, 'notes', tier);
      await setLimit(workspace, largestClaim('512Mi'));
      await deploy(workspace, 'notes', { tier: tier.name });
      const told = await untilTold(
        workspace,
        'notes',
        'RestoreFailing',
        /maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi/,
      );
      expect(told.type).toBe('Warning');
      expect(told.message).toContain('cache claim');
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await client.mergePatch(backupPolicies, { name: tier.name }, { spec: { volSync: { cacheCapacity: '256Mi' } } });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      await protect(workspace, 'notes');
    },
  );

  scenario(
    'invariants 1, 10 and 14: that leaves no room for a volume as large as the one that was backed up',
    async ({ workspace, contents }) => {
      const { client, namespace } = workspace;
      const large = { resources: { requests: { storage: '128Mi' } } };
      await deploy(workspace, 'notes', { tier: 'hourly', spec: large });
      const first = await lifeOf(workspace, 'notes');
      const snapshot = await protect(workspace, 'notes');
      await remove(workspace, 'notes');
      await setLimit(workspace, largestClaim('100Mi'));
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await untilTold(
        workspace,
        'notes',
        'RestoreHeld',
        /maximum storage usage per PersistentVolumeClaim is 100Mi, but request is 134217728.*LimitRange/,
      );
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await client.delete(limitRanges, { namespace, name: NAME });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(snapshot.id);
    },
  );

  scenario(
    'invariants 1, 10 and 14: whose default memory is too little for a mover: what was killed is told, with the limit',
    async ({ workspace }) => {
      const backup = await seedBackup(workspace, 'notes');
      await setLimit(workspace, defaultMemory('16Mi'));
      await workspace.createClaim('notes', { tier: 'hourly' });
      const told = await untilTold(workspace, 'notes', 'RestoreFailing', /lack of memory \(limit 16Mi\)/);
      expect(told.message).toContain('LimitRange');
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await setLimit(workspace, defaultMemory('512Mi'));
      await workspace.untilBound('notes');
      await startPod(workspace, 'notes');
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });

      await setLimit(workspace, defaultMemory('16Mi'));
      await requestBackup(workspace, 'notes');
      await untilTold(workspace, 'notes', 'BackupFailing', /lack of memory \(limit 16Mi\).*LimitRange/);
      await setLimit(workspace, defaultMemory('512Mi'));
      await untilProtection(workspace, 'notes', 'Protected');
    },
  );

  scenario("invariants 1, 10 and 14: that refuses Rebound's own look into the new volume", async ({ workspace }) => {
    const { client, namespace } = workspace;
    const backup = await seedBackup(workspace, 'notes');
    await setLimit(workspace, { type: 'Container', max: { memory: '128Mi' }, default: { memory: '128Mi' } });
    await workspace.createClaim('notes', { tier: 'hourly' });
    await untilTold(workspace, 'notes', 'RestoreHeld', /maximum memory usage per Container is 128Mi.*LimitRange/);
    await client.delete(limitRanges, { namespace, name: NAME });
    await workspace.untilBound('notes');
    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
  });
});
