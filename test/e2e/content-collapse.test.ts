import { describe, expect } from 'vitest';

import { ACCEPT_COLLAPSE_ANNOTATION } from '../../src/api/labels.ts';
import { deploy, inApplication, lifeOf, remove } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { makeOwnTier } from './support/own-tier.ts';
import { annotate, backUpNow, protect, untilProtection } from './support/protection.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const loseMost = (workspace: Workspace) => inApplication(workspace, 'notes', `rm -r 'documents/by year' large.bin`);

describe.concurrent('a volume whose content collapses', () => {
  scenario(
    'invariants 3 and 4: keeps every snapshot, is reported, and goes on once the collapse is accepted',
    async ({ workspace, contents }) => {
      await deploy(workspace, 'notes', { tier: 'hourly', files: 30 });
      await lifeOf(workspace, 'notes');
      const good = await protect(workspace, 'notes');
      await loseMost(workspace);
      await backUpNow(workspace, 'notes');

      const { status } = await untilProtection(workspace, 'notes', 'Degraded', 'ContentCollapsed');
      expect(status).toMatchObject({ pruningPaused: true, lastBackup: { id: good.id } });
      const told = await untilTold(workspace, 'notes', 'ContentCollapsed', /No snapshot is removed until you look/);
      expect(told.type).toBe('Warning');
      expect(await describeClaim(workspace, 'notes')).toMatch(/Warning +ContentCollapsed/);
      expect(told.message).toContain(`rebound.dev/restore: "${good.id.slice(0, 8)}"`);
      const collapsed = status?.collapse?.snapshotId ?? '';
      expect(collapsed).not.toBe('');
      expect((await contents.ledger(workspace, 'notes')).lastGoodBackup?.snapshotId).toBe(good.id);

      // More backups than the policy would keep: none of them pushes the good one out.
      for (let count = 0; count < 4; count += 1) await backUpNow(workspace, 'notes');
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(expect.arrayContaining([good.id, collapsed]));
      await untilProtection(workspace, 'notes', 'Degraded', 'ContentCollapsed');

      // The id of the first message, though newer snapshots are there by now.
      await annotate(workspace, 'notes', { [ACCEPT_COLLAPSE_ANNOTATION]: collapsed.slice(0, 8) });
      const mended = await untilProtection(workspace, 'notes', 'Protected');
      const accepted = (await contents.ledger(workspace, 'notes')).lastGoodBackup?.snapshotId;
      expect(accepted).not.toBe(good.id);
      expect(mended.status).toMatchObject({ pruningPaused: false, lastBackup: { id: accepted } });
    },
  );

  scenario(
    'invariant 4: under a policy that keeps one snapshot, the last good one outlives the collapse',
    async ({ workspace, contents }) => {
      const tier = await makeOwnTier(workspace, { retention: { last: 1 } });
      await deploy(workspace, 'notes', { tier: tier.name, files: 30 });
      const first = await lifeOf(workspace, 'notes');
      const good = await protect(workspace, 'notes');
      await loseMost(workspace);
      await backUpNow(workspace, 'notes');
      await untilProtection(workspace, 'notes', 'Degraded', 'ContentCollapsed');
      expect(await contents.keys(`${tier.prefix}/${workspace.namespace}/notes/snapshots/`)).toContainEqual(
        expect.stringContaining(good.id),
      );

      await remove(workspace, 'notes');
      const restore = { 'rebound.dev/restore': good.id.slice(0, 12) };
      await deploy(workspace, 'notes', { tier: tier.name, annotations: restore });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
    },
  );
});
