import { describe, expect } from 'vitest';

import { MOVERS_NAMESPACE } from '../../../src/api/group.ts';
import {
  ACCEPT_COLLAPSE_ANNOTATION,
  ACCEPT_REMOVAL_ANNOTATION,
  CLAIM_UID_LABEL,
  MAINTAIN_NOW_ANNOTATION,
} from '../../../src/api/labels.ts';
import type { MaintenanceStatus } from '../../../src/api/maintenance.ts';
import { backupPolicies } from '../../../src/api/resource-kinds.ts';
import type { Retention } from '../../../src/api/backup-policy.ts';
import { jobs, pods, secrets } from '../../../src/kube/model/built-in-kinds.ts';
import type { KubeObject } from '../../../src/kube/model/kind.ts';
import { checksumOf, deploy, inApplication, lifeOf, remove } from '../support/application.ts';
import { untilTold } from '../support/claim-story.ts';
import { makeOwnTier, type OwnTier, type OwnTierOptions, untilDestination } from '../support/own-tier.ts';
import { annotate, backUpNow, protect, protectionOf, untilProtection } from '../support/protection.ts';
import { ResticRepository } from '../support/restic-repository.ts';
import { scenario } from '../support/scenario.ts';
import { startStrictStore } from '../support/strict-store.ts';
import type { Workspace } from '../support/workspace.ts';

/** A tier with engine Restic, whose backups are half a day away from now: none comes between. */
async function makeRetainingTier(workspace: Workspace, retention: Retention, options: OwnTierOptions = {}) {
  const tier = await makeOwnTier(workspace, { retention, ...options });
  const windowStartHour = (new Date().getUTCHours() + 12) % 24;
  const spec = { engine: 'Restic', schedule: { every: 'Day', windowStartHour, windowHours: 1 } };
  await workspace.client.mergePatch(backupPolicies, { name: tier.name }, { spec });
  await untilDestination(workspace, tier, true);
  return tier;
}

/** A repository of an earlier cluster: some snapshots of years ago, and the one that is to be restored. */
async function seedHistory(workspace: Workspace, tier: OwnTier, days: readonly string[]) {
  const repository = await ResticRepository.of(workspace, 'notes', tier.prefix);
  await repository.init();
  const old: string[] = [];
  for (const day of days) old.push((await repository.backUpNewData({ time: `${day} 00:00:00` })).snapshotId);
  const newest = await repository.backUpNewData();
  const ids = async () => (await repository.snapshots()).map(({ id }) => id).sort();
  return { repository, old, newest, ids };
}

const maintenanceOf = async (workspace: Workspace): Promise<MaintenanceStatus> =>
  (await protectionOf(workspace, 'notes'))?.status?.maintenance ?? {};

/** Waits until old snapshots were removed. */
const untilRemoved = (workspace: Workspace) =>
  workspace.eventually('old snapshots to be removed', async () => {
    const { removed, failure } = await maintenanceOf(workspace);
    if (failure !== undefined) throw new Error(failure.message);
    return removed;
  });

const answerRemoval = (workspace: Workspace) =>
  workspace.eventually('a removal to wait for an answer', async () => {
    const since = (await maintenanceOf(workspace)).held?.since;
    if (since === undefined) return undefined;
    await annotate(workspace, 'notes', { [ACCEPT_REMOVAL_ANNOTATION]: since });
    return since;
  });

describe('the retention of a tier with engine Restic', () => {
  scenario(
    'invariants 4 and 10: removes just what no rule keeps, once it is answered, frees its space, and leaves a whole repository',
    async ({ workspace, contents }) => {
      const tier = await makeRetainingTier(workspace, { last: 1, monthly: 2 });
      const days = ['2020-01-01', '2020-01-02', '2020-01-03', '2020-02-01', '2020-02-02', '2020-03-01'];
      const { repository, old, newest, ids } = await seedHistory(workspace, tier, days);
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: newest.checksum });
      await inApplication(workspace, 'notes', 'date > since');
      const checksum = await checksumOf(workspace, 'notes');
      const { id } = await protect(workspace, 'notes');
      const data = `${tier.prefix}/${workspace.namespace}/notes/data/`;
      const before = await contents.sizeBytes(data);

      const told = await untilTold(workspace, 'notes', 'RemovalHeld', /5 of \d snapshots/);
      expect(told.type).toBe('Warning');
      expect(await ids()).toEqual(expect.arrayContaining(old));
      await answerRemoval(workspace);
      const removed = await untilRemoved(workspace);
      const left = await ids();
      // The newest of the month before, what was restored last, and the newest good one.
      expect(left).toEqual(expect.arrayContaining([old[5], newest.snapshotId, id]));
      expect(old.filter((one) => left.includes(one))).toEqual([old[5]]);
      expect(removed.snapshots).toBe(5);
      expect(removed.freedBytes).toBeGreaterThan(5 * 700_000);
      expect(before - (await contents.sizeBytes(data))).toBeGreaterThan(5 * 700_000);
      const check = await repository.attempt(['check', '--read-data']);
      expect(check).toMatchObject({ exitCode: 0 });

      const { uid } = (await workspace.claim('notes')).metadata;
      await workspace.eventually('nothing of it to be left among the movers', async () => {
        const labelSelector = `${CLAIM_UID_LABEL}=${uid}`;
        const left = await Promise.all(
          [jobs, pods, secrets].map((kind) =>
            workspace.client.list<KubeObject>(kind, { namespace: MOVERS_NAMESPACE, labelSelector }),
          ),
        );
        return left.flat().length === 0;
      });
      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
    },
  );

  scenario(
    'invariants 3 and 4: removes nothing while the content is collapsed, and goes on once that is accepted',
    async ({ workspace }) => {
      const tier = await makeRetainingTier(workspace, { last: 1, yearly: 2 });
      const { old, newest, ids } = await seedHistory(workspace, tier, ['2020-01-01', '2020-02-01', '2020-03-01']);
      await deploy(workspace, 'notes', { tier: tier.name, files: 30 });
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', "rm -r 'documents/by year' large.bin");
      await backUpNow(workspace, 'notes');
      const { status } = await untilProtection(workspace, 'notes', 'Degraded', 'ContentCollapsed');
      await annotate(workspace, 'notes', { [MAINTAIN_NOW_ANNOTATION]: 'now' });
      for (let count = 0; count < 2; count += 1) await backUpNow(workspace, 'notes');
      expect(await ids()).toEqual(expect.arrayContaining([...old, newest.snapshotId]));
      expect(await maintenanceOf(workspace)).toEqual({});

      const collapsed = status?.collapse?.snapshotId?.slice(0, 8) ?? '';
      await annotate(workspace, 'notes', { [ACCEPT_COLLAPSE_ANNOTATION]: collapsed });
      await untilProtection(workspace, 'notes', 'Protected');
      expect(await untilRemoved(workspace)).toMatchObject({ snapshots: 2 });
      const left = await ids();
      expect(left).toEqual(expect.arrayContaining([old[2], newest.snapshotId]));
      expect(left).not.toEqual(expect.arrayContaining([old[0]]));
    },
  );

  scenario(
    'invariants 8 and 10: is broken off by a restore, which goes on at once with a whole repository',
    async ({ workspace, contents }) => {
      // A mover that removes snapshots hangs at the first of them, with the repository locked.
      const endpoint = await startStrictStore(workspace, { deletable: /./, stalled: /\/snapshots\// });
      const tier = await makeRetainingTier(workspace, { last: 1, yearly: 2 }, { endpoint });
      const { repository, old, newest, ids } = await seedHistory(workspace, tier, [
        '2020-01-01',
        '2020-02-01',
        '2020-03-01',
      ]);
      await deploy(workspace, 'notes', { tier: tier.name });
      await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');
      await annotate(workspace, 'notes', { [MAINTAIN_NOW_ANNOTATION]: 'now' });
      const locks = `${tier.prefix}/${workspace.namespace}/notes/locks/`;
      await workspace.eventually('the repository to be locked', async () => (await contents.keys(locks)).length > 0);
      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: newest.checksum });
      expect(await ids()).toEqual(expect.arrayContaining([...old, newest.snapshotId]));
      expect(await repository.attempt(['check'])).toMatchObject({ exitCode: 0 });
    },
  );
});
