import { describe, expect } from 'vitest';

import { backupDestinations, backupPolicies } from '../../src/api/resource-kinds.ts';
import { deploy, lifeOf, remove } from './support/application.ts';
import { untilTold } from './support/claim-story.ts';
import { makeOwnTier, setSecretKey, untilDestination } from './support/own-tier.ts';
import { protect } from './support/protection.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';

/** A tier with a backup of the claim `notes`, which then is pointed at another, empty destination, and the claim removed. */
const moved = async (workspace: Parameters<typeof makeOwnTier>[0]) => {
  const [before, after] = [await makeOwnTier(workspace, { consulted: true }), await makeOwnTier(workspace)];
  await Promise.all([untilDestination(workspace, before, true), untilDestination(workspace, after, true)]);
  await deploy(workspace, 'notes', { tier: before.name });
  const life = await lifeOf(workspace, 'notes');
  const snapshot = await protect(workspace, 'notes');
  await remove(workspace, 'notes');
  await workspace.client.mergePatch(backupPolicies, { name: before.name }, { spec: { destination: after.name } });
  return { before, after, life, snapshot };
};

describe('a tier that was pointed at another destination', () => {
  scenario(
    'invariant 1: a claim created again comes back from the destination before, and is backed up into the new one',
    async ({ workspace, contents }) => {
      const { before, after, life, snapshot } = await moved(workspace);
      await deploy(workspace, 'notes', { tier: before.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: life.checksum });
      expect((await restoreOf(workspace, 'notes'))?.status).toMatchObject({
        destinationName: before.name,
        snapshot: { id: snapshot.id },
      });
      const next = await protect(workspace, 'notes');
      expect(next.id).not.toBe(snapshot.id);
      const path = `${workspace.namespace}/notes/snapshots/${next.id}`;
      expect(await contents.keys(`${after.prefix}/${path}`)).toHaveLength(1);
      expect(await contents.keys(`${before.prefix}/${path}`)).toEqual([]);
    },
  );

  scenario(
    'invariants 2 and 10: a claim created again waits while the destination before does not answer, and says which',
    async ({ workspace }) => {
      const { before, life } = await moved(workspace);
      await setSecretKey(workspace, before, 'not-the-key');
      await untilDestination(workspace, before, false);
      await deploy(workspace, 'notes', { tier: before.name });
      await untilTold(workspace, 'notes', 'RestoreHeld', new RegExp(`whether ${before.name} does is not known`));
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await setSecretKey(workspace, before, workspace.cluster.environment.s3.secretAccessKey);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: life.checksum });
      // Or other tests would wait for it when it goes.
      await workspace.client.mergePatch(backupDestinations, { name: before.name }, { spec: { consulted: false } });
    },
  );
});
