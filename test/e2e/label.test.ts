import { describe, expect } from 'vitest';

import { ACCEPT_RESTORE_ANNOTATION, TIER_LABEL } from '../../src/api/labels.ts';
import { replicationSources } from '../../src/engines/volsync/kinds.ts';
import { persistentVolumeClaims, secrets } from '../../src/kube/model/built-in-kinds.ts';
import { checksumOf, deploy, lifeOf } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { annotate, protect, protectionOf } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const setTier = (workspace: Workspace, name: string, tier: string | null) =>
  workspace.client.mergePatch(
    persistentVolumeClaims,
    { namespace: workspace.namespace, name },
    { metadata: { labels: { [TIER_LABEL]: tier } } },
  );

describe.concurrent('the label', () => {
  scenario(
    'invariant 8: set on a claim that lives, protects it from then on and restores nothing over it',
    async ({ workspace, contents }) => {
      const old = await seedBackup(workspace, 'notes');
      await deploy(workspace, 'notes');
      const life = await lifeOf(workspace, 'notes');
      expect(life.origin).toBe('blank');
      await setTier(workspace, 'notes', 'hourly');
      const snapshot = await protect(workspace, 'notes');
      expect(await checksumOf(workspace, 'notes')).toBe(life.checksum);
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(
        expect.arrayContaining([old.snapshotId, snapshot.id]),
      );
      const status = async () => (await protectionOf(workspace, 'notes'))?.status;
      expect(await status()).toMatchObject({ decision: 'late', pruningPausedBecause: ['NotRestored'] });
      const shortId = old.snapshotId.slice(0, 8);
      const told = await untilTold(workspace, 'notes', 'NotRestored', new RegExp(`restore: "${shortId}"`));
      expect(told.type).toBe('Warning');
      await annotate(workspace, 'notes', { [ACCEPT_RESTORE_ANNOTATION]: shortId });
      await workspace.eventually('pruning to be allowed', async () => (await status())?.pruningPaused === false);
    },
  );

  scenario(
    'invariant 4: taken away, ends backups with a warning, and leaves every backup where it is',
    async ({ workspace, contents }) => {
      const { namespace, client } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const life = await lifeOf(workspace, 'notes');
      const snapshot = await protect(workspace, 'notes');
      const ledger = await contents.ledger(workspace, 'notes');
      await setTier(workspace, 'notes', null);

      const told = await untilTold(workspace, 'notes', 'BackupsStopped', /backups stop/);
      expect(told.type).toBe('Warning');
      expect(await describeClaim(workspace, 'notes')).toMatch(/created again without the label starts blank/);
      await workspace.eventually('the objects of the backup to be gone', async () => {
        const left = [
          ...(await client.list(replicationSources, { namespace })),
          ...(await client.list(secrets, { namespace, labelSelector: 'app.kubernetes.io/managed-by=rebound' })),
        ];
        return left.length === 0 && (await protectionOf(workspace, 'notes')) === undefined;
      });
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(snapshot.id);
      const { owner, recordedAt, ...kept } = await contents.ledger(workspace, 'notes');
      expect({ ...kept, owner: ledger.owner, recordedAt: ledger.recordedAt }).toEqual(ledger);
      expect(owner).toEqual({ ...ledger.owner, releasedAt: recordedAt });
      expect(await checksumOf(workspace, 'notes')).toBe(life.checksum);

      await setTier(workspace, 'notes', 'daily');
      const next = await protect(workspace, 'notes');
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(expect.arrayContaining([snapshot.id, next.id]));
    },
  );
});
