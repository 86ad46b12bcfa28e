import { describe, expect } from 'vitest';

import { deploy, inApplication, checksumOf, lifeOf, remove } from './support/application.ts';
import { makeOwnTier, type OwnTier, untilDestination } from './support/own-tier.ts';
import { protect, untilProtection } from './support/protection.ts';
import { ResticRepository } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import { startStrictStore } from './support/strict-store.ts';
import type { Workspace } from './support/workspace.ts';

/** A repository of an earlier cluster, with snapshots that no policy keeps before the one that is to be restored. */
async function seedOldRepository(workspace: Workspace, tier: OwnTier) {
  const repository = await ResticRepository.of(workspace, 'notes', tier.prefix);
  await repository.init();
  for (const day of ['01', '02', '03']) await repository.backUpNewData({ time: `2020-01-${day} 00:00:00` });
  const newest = await repository.backUpNewData();
  const old = (await repository.snapshots()).map(({ id }) => id);
  const snapshotIds = async () => (await repository.snapshots()).map(({ id }) => id);
  return { newest, old, snapshotIds };
}

describe('a store that is stricter than most', () => {
  scenario(
    'invariant 4: that demands checksums, as buckets with Object Lock do, and lets only locks be deleted: all goes as anywhere',
    async ({ workspace }) => {
      const endpoint = await startStrictStore(workspace, { deletable: /\/locks\// });
      const tier = await makeOwnTier(workspace, { endpoint, retention: { last: 1 } });
      await untilDestination(workspace, tier, true);
      const { newest, old, snapshotIds } = await seedOldRepository(workspace, tier);
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: newest.checksum });
      await inApplication(workspace, 'notes', 'date > first');
      const first = await protect(workspace, 'notes');
      await inApplication(workspace, 'notes', 'date > second');
      const checksum = await checksumOf(workspace, 'notes');
      const second = await protect(workspace, 'notes');
      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
      expect(await snapshotIds()).toEqual(expect.arrayContaining([...old, first.id, second.id]));
    },
  );

  scenario(
    'invariants 4 and 10: that lets nothing be deleted, not even locks: it is told, and what is written since is backed up and comes back',
    async ({ workspace }) => {
      const endpoint = await startStrictStore(workspace, { deletable: /^nothing$/ });
      const tier = await makeOwnTier(workspace, { endpoint });
      await untilDestination(workspace, tier, true);
      await deploy(workspace, 'notes', { tier: tier.name });
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', 'date > first');
      const first = await protect(workspace, 'notes');
      await untilProtection(workspace, 'notes', 'Protected', 'PruningRefused');
      await inApplication(workspace, 'notes', 'date > second');
      const checksum = await checksumOf(workspace, 'notes');
      const second = await protect(workspace, 'notes');
      expect(second.id).not.toBe(first.id);
      const { status } = await untilProtection(workspace, 'notes', 'Protected', 'PruningRefused');
      expect(status?.pruningRefused?.message).toContain('Access Denied');
      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
    },
  );
});
