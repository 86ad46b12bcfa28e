import { describe, expect } from 'vitest';

import { ACCEPT_RESTORE_ANNOTATION } from '../../src/api/labels.ts';
import { deploy, inApplication, lifeOf, remove, startPod } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { readyCondition } from './support/conditions.ts';
import { annotate, protect, protectionOf, requestBackup, untilProtection } from './support/protection.ts';
import { ResticRepository, seedBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const files = (first: number, last: number): string => `seq -f 'documents/by year/%g' ${first} ${last}`;

/** Pruning is paused and the claim says so, until its user accepts what was restored. */
async function expectQuestionAnswered(workspace: Workspace, claimName: string, restoredId: string): Promise<void> {
  await protect(workspace, claimName);
  const asked = (await protectionOf(workspace, claimName))?.status;
  expect(asked).toMatchObject({ pruningPaused: true, restoreFinding: { kind: 'OlderRestored', restoredId } });
  await annotate(workspace, claimName, { [ACCEPT_RESTORE_ANNOTATION]: restoredId.slice(0, 8) });
  await workspace.eventually('pruning to go on', async () => {
    const { status } = (await protectionOf(workspace, claimName)) ?? {};
    return status?.pruningPaused === false && status.restoreFinding === undefined;
  });
}

describe.concurrent('which backup a claim comes back with', () => {
  scenario(
    'invariants 3, 4 and 11: the complete one, where the newest could not read half of the files, which are named',
    async ({ workspace, contents }) => {
      await deploy(workspace, 'notes', { tier: 'hourly', files: 200 });
      const first = await lifeOf(workspace, 'notes');
      const good = await protect(workspace, 'notes');
      await inApplication(workspace, 'notes', `${files(101, 200)} | xargs -d '\\n' chown 4321`);
      await inApplication(workspace, 'notes', `${files(101, 200)} | xargs -d '\\n' chmod 0600`);
      await requestBackup(workspace, 'notes');

      const { status } = await untilProtection(workspace, 'notes', 'Degraded', 'BackupPartial');
      expect(status).toMatchObject({ pruningPaused: true, lastBackup: { id: good.id } });
      const told = await untilTold(workspace, 'notes', 'BackupPartial', /100 files or folders that could not be read/);
      expect(told.type).toBe('Warning');
      expect(told.message).toMatch(/documents\/by year\/\d{3}/);
      const partialId = status?.lastFinding?.snapshotId ?? '';
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(expect.arrayContaining([good.id, partialId]));

      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: 'hourly' });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
      const warned = await untilTold(workspace, 'notes', 'OlderRestored', new RegExp(good.id.slice(0, 8)));
      expect(warned.type).toBe('Warning');
      expect(warned.message).toContain(partialId.slice(0, 8));
      await expectQuestionAnswered(workspace, 'notes', good.id);
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(good.id);
    },
  );

  scenario(
    'invariants 3 and 4: the full one, where the newest holds 11 of 100 files and nobody said that this is right',
    async ({ workspace }) => {
      await deploy(workspace, 'notes', { tier: 'hourly', files: 100 });
      const first = await lifeOf(workspace, 'notes');
      const good = await protect(workspace, 'notes');
      await inApplication(workspace, 'notes', `${files(12, 100)} | xargs -d '\\n' rm; rm large.bin`);
      await requestBackup(workspace, 'notes');
      const { status } = await untilProtection(workspace, 'notes', 'Degraded', 'ContentCollapsed');
      const collapsedId = status?.collapse?.snapshotId ?? '';

      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: 'hourly' });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
      const warned = await untilTold(workspace, 'notes', 'OlderRestored', new RegExp(good.id.slice(0, 8)));
      expect(warned.type).toBe('Warning');
      expect(warned.message).toContain(collapsedId.slice(0, 8));
      expect(await describeClaim(workspace, 'notes')).toMatch(/Warning +OlderRestored/);
      await expectQuestionAnswered(workspace, 'notes', good.id);
    },
  );

  scenario('the newest when the pod comes, not when the claim was created', async ({ workspace }) => {
    const older = await seedBackup(workspace, 'notes');
    await workspace.createClaim('notes', { tier: 'hourly', storageClassName: 'hostdir-wffc' });
    await workspace.eventually('the restore to wait for a pod', async () => {
      const restore = await restoreOf(workspace, 'notes');
      return readyCondition(restore?.status?.conditions)?.reason === 'WaitingForConsumer';
    });
    await untilTold(workspace, 'notes', 'Restoring', new RegExp(older.snapshotId.slice(0, 8)));
    const newer = await (await ResticRepository.of(workspace, 'notes')).backUpNewData();

    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: newer.checksum });
    await untilTold(workspace, 'notes', 'Restoring', new RegExp(newer.snapshotId.slice(0, 8)));
    await untilTold(workspace, 'notes', 'RestoreCompleted', new RegExp(newer.snapshotId.slice(0, 8)));
  });
});
