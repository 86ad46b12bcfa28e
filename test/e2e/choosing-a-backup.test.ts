import { describe, expect } from 'vitest';

import { RESTORE_ANNOTATION } from '../../src/api/labels.ts';
import { deploy, lifeOf, startPod } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { protect } from './support/protection.ts';
import { ResticRepository, type SeededBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const times = ['2026-03-01 10:00:00', '2026-03-02 10:00:00', '2026-03-03 10:00:00'] as const;

/** Three backups of a claim, of three days, each with other data. */
async function seedThreeDays(workspace: Workspace, claim: string): Promise<readonly SeededBackup[]> {
  const repository = await ResticRepository.of(workspace, claim);
  await repository.init();
  const backups: SeededBackup[] = [];
  for (const time of times) backups.push(await repository.backUpNewData({ time }));
  return backups;
}

const asking = (restore: string) => ({ tier: 'hourly', annotations: { [RESTORE_ANNOTATION]: restore } });

describe.concurrent('a claim that asks for a certain backup', () => {
  scenario('gets the newest one that is not after a time', async ({ workspace }) => {
    const [, second] = await seedThreeDays(workspace, 'notes');
    await deploy(workspace, 'notes', asking('2026-03-03T09:59:59Z'));
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: second?.checksum });
    const told = await untilTold(workspace, 'notes', 'Restoring', /2026-03-02T10:00:00/);
    expect(told.message).toContain(second?.snapshotId.slice(0, 8));
  });

  scenario('gets the one with an id', async ({ workspace }) => {
    const [first] = await seedThreeDays(workspace, 'notes');
    await deploy(workspace, 'notes', asking(first?.snapshotId.slice(0, 10) ?? ''));
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first?.checksum });
  });

  scenario('invariant 4: gets none and starts blank, and the old ones stay', async ({ workspace, contents }) => {
    const backups = await seedThreeDays(workspace, 'notes');
    await deploy(workspace, 'notes', asking('none'));
    const life = await lifeOf(workspace, 'notes');
    expect(life.origin).toBe('blank');
    const claim = await workspace.claim('notes');
    expect(claim.spec.dataSourceRef).toBeUndefined();
    expect(await describeClaim(workspace, 'notes')).toContain('starts blank, whatever backups there are');
    const fourth = await protect(workspace, 'notes');
    const ids = [...backups.map(({ snapshotId }) => snapshotId), fourth.id];
    expect(await contents.snapshotIds(workspace, 'notes')).toEqual(expect.arrayContaining(ids));
  });

  scenario('invariant 10: waits and says so when none is that old', async ({ workspace }) => {
    await seedThreeDays(workspace, 'notes');
    await workspace.createClaim('notes', asking('2026-02-01T00:00:00Z'));
    await untilTold(workspace, 'notes', 'RestoreHeld', /no snapshot is as old as 2026-02-01/);
    expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
    expect((await restoreOf(workspace, 'notes'))?.status?.phase).toBe('Probing');
    expect(await describeClaim(workspace, 'notes')).toMatch(/Warning +RestoreHeld .*no snapshot is as old as/);
  });

  scenario('is refused, with words that help, when it makes no sense', async ({ workspace }) => {
    await expect(workspace.createClaim('notes', asking('yesterday'))).rejects.toThrow(/"yesterday": it takes "latest"/);
    await expect(workspace.createClaim('notes', asking('2026-03-01T10:00:00Z'))).rejects.toThrow(
      /holds no backup of this claim/,
    );
    await expect(workspace.createClaim('notes', { tier: 'sometimes' })).rejects.toThrow(
      /backup="sometimes" names no BackupPolicy. Use one of: .*daily.*hourly/,
    );
  });

  scenario('is the latest again for the next claim, which asks for nothing', async ({ workspace }) => {
    const backups = await seedThreeDays(workspace, 'notes');
    await workspace.createClaim('notes', { tier: 'hourly' });
    await startPod(workspace, 'notes');
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backups.at(-1)?.checksum });
  });
});
