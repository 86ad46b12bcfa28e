import { describe, expect } from 'vitest';

import { TAKE_OVER_ANNOTATION } from '../../src/api/labels.ts';
import type { SnapshotReference } from '../../src/api/snapshot.ts';
import { checksumOf, deploy, lifeOf, remove } from '../e2e/support/application.ts';
import { untilTold } from '../e2e/support/claim-story.ts';
import { annotate, protect, requestBackup, untilProtection } from '../e2e/support/protection.ts';
import {
  lookAround,
  mark,
  ownerOf,
  runSchedule,
  schedulesOf,
  silence,
  snapshotsWith,
  untilUnscheduled,
} from './support/rivals.ts';
import { scenario, type TwoWorkspaces } from './support/two-clusters.ts';

const CLAIM = 'notes';
const tier = 'hourly';

/** The first cluster backs the claim up, and the second one has it too, restored, and waits. */
async function share({ first, second }: TwoWorkspaces): Promise<SnapshotReference> {
  await deploy(first, CLAIM, { tier });
  await lifeOf(first, CLAIM);
  const backup = await protect(first, CLAIM);
  await deploy(second, CLAIM, { tier });
  expect((await lifeOf(second, CLAIM)).origin).toBe('filled');
  await untilProtection(second, CLAIM, 'Degraded', 'ForeignOwner');
  return backup;
}

/** These and others: a schedule that is new makes a backup of its own beside the one that is asked for. */
const including = (...ids: readonly string[]): unknown => expect.arrayContaining([...ids]);

describe('two clusters with one store', () => {
  scenario(
    'invariant 12: the second one restores the newest good backup of the first at once, with a warning, and backs nothing up',
    async ({ workspaces: { first, second }, uids, contents }) => {
      await deploy(first, CLAIM, { tier });
      await lifeOf(first, CLAIM);
      const older = await protect(first, CLAIM);
      await mark(first, CLAIM, 'second-backup');
      const newest = await protect(first, CLAIM);
      const checksum = await checksumOf(first, CLAIM);
      await mark(first, CLAIM, 'not-backed-up-yet');

      await deploy(second, CLAIM, { tier });
      expect(await lifeOf(second, CLAIM)).toEqual({ origin: 'filled', checksum });
      const told = await untilTold(second, CLAIM, 'Restoring', new RegExp(uids.first));
      expect(told.type).toBe('Warning');
      expect(told.message).toContain(newest.id.slice(0, 8));
      expect(told.message).toContain(newest.time);
      await untilProtection(second, CLAIM, 'Degraded', 'ForeignOwner');

      await mark(second, CLAIM, 'of-the-second');
      await requestBackup(second, CLAIM);
      const goneOn = await protect(first, CLAIM);
      expect(await contents.snapshotIds(first, CLAIM)).toEqual(including(older.id, newest.id, goneOn.id));
      expect(await snapshotsWith(first, CLAIM, 'not-backed-up-yet')).toEqual([goneOn.id]);
      expect(await snapshotsWith(first, CLAIM, 'of-the-second')).toEqual([]);
      expect(await schedulesOf(second)).toEqual([]);
      expect(await ownerOf(contents, first, CLAIM)).toBe(uids.first);
      await untilProtection(second, CLAIM, 'Degraded', 'ForeignOwner');
    },
  );

  scenario(
    'invariants 4 and 12: the second one takes over from one that is silent, which loses nothing of it and waits when it is back',
    async ({ workspaces: { first, second }, uids, contents }) => {
      const shared = await share({ first, second });
      const wake = await silence(first);
      await lookAround(second);
      await untilTold(second, CLAIM, 'BackupsTakenOver', new RegExp(uids.first));
      await mark(second, CLAIM, 'of-the-second');
      const taken = await protect(second, CLAIM);
      expect(await ownerOf(contents, second, CLAIM)).toBe(uids.second);

      // Its controller is away, and its engine goes on.
      await mark(first, CLAIM, 'of-the-first');
      for (const run of ['first-run', 'second-run', 'third-run']) await runSchedule(first, run);
      const strays = await snapshotsWith(first, CLAIM, 'of-the-first');
      expect(strays).toHaveLength(3);
      expect(await contents.snapshotIds(second, CLAIM)).toEqual(including(shared.id, taken.id, ...strays));

      await wake();
      const { status } = await untilProtection(first, CLAIM, 'Degraded', 'ForeignOwner');
      expect(status?.owner).toBe(uids.second);
      await untilUnscheduled(first);
      await requestBackup(first, CLAIM);
      await mark(second, CLAIM, 'later');
      const later = await protect(second, CLAIM);
      expect(await snapshotsWith(second, CLAIM, 'of-the-second')).toEqual(including(taken.id, later.id));
      expect(await contents.snapshotIds(second, CLAIM)).toEqual(including(shared.id, taken.id, later.id, ...strays));
      expect(await contents.ledger(second, CLAIM)).toMatchObject({
        owner: { clusterUid: uids.second },
        lastGoodBackup: { snapshotId: later.id },
      });
    },
  );

  scenario(
    'invariant 12: the second one takes over at once where its user says so, and the first one stops',
    async ({ workspaces: { first, second }, uids, contents }) => {
      await share({ first, second });
      await annotate(second, CLAIM, { [TAKE_OVER_ANNOTATION]: uids.first });
      await untilTold(second, CLAIM, 'BackupsTakenOver', /rebound\.dev\/take-over/);
      await mark(second, CLAIM, 'of-the-second');
      const taken = await protect(second, CLAIM);
      expect(await snapshotsWith(second, CLAIM, 'of-the-second')).toContain(taken.id);

      await requestBackup(first, CLAIM);
      await untilProtection(first, CLAIM, 'Degraded', 'ForeignOwner');
      await untilUnscheduled(first);
      expect(await contents.snapshotIds(second, CLAIM)).toContain(taken.id);
      expect(await contents.ledger(second, CLAIM)).toMatchObject({
        owner: { clusterUid: uids.second },
        lastGoodBackup: { snapshotId: taken.id },
      });
    },
  );

  scenario(
    'invariants 4 and 12: the second one takes over when the claim is deleted in the first, and the first gets the newest backup back',
    async ({ workspaces: { first, second }, uids, contents }) => {
      const old = await share({ first, second });
      await remove(first, CLAIM);
      await untilTold(second, CLAIM, 'BackupsTakenOver', new RegExp(uids.first));
      await mark(second, CLAIM, 'of-the-second');
      const newest = await protect(second, CLAIM);
      const checksum = await checksumOf(second, CLAIM);

      // The first has a line of its own there, which is older.
      await deploy(first, CLAIM, { tier });
      expect(await lifeOf(first, CLAIM)).toEqual({ origin: 'filled', checksum });
      await untilTold(first, CLAIM, 'Restoring', new RegExp(uids.second));
      await untilProtection(first, CLAIM, 'Degraded', 'ForeignOwner');
      await mark(first, CLAIM, 'of-the-first-again');
      await requestBackup(first, CLAIM);
      await mark(second, CLAIM, 'later');
      const later = await protect(second, CLAIM);
      expect(await contents.snapshotIds(second, CLAIM)).toEqual(including(old.id, newest.id, later.id));
      expect(await snapshotsWith(second, CLAIM, 'of-the-first-again')).toEqual([]);
      expect(await ownerOf(contents, second, CLAIM)).toBe(uids.second);
    },
  );
});
