import { describe, expect } from 'vitest';

import { backupDestinations } from '../../src/api/resource-kinds.ts';
import { deploy, lifeOf, remove } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { readyCondition } from './support/conditions.ts';
import { makeOwnTier, type OwnTier, setSecretKey, untilDestination } from './support/own-tier.ts';
import { protect, untilProtection } from './support/protection.ts';
import { ResticRepository, seedBackup } from './support/restic-repository.ts';
import { restoreOf } from './support/restore-progress.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const setBucket = (workspace: Workspace, { name }: OwnTier, bucket: string) =>
  workspace.client.mergePatch(backupDestinations, { name }, { spec: { s3: { bucket } } });

/** A claim whose backup exists waits, Pending, and says why where a user looks first. */
async function expectHeld(workspace: Workspace, claimName: string, why: RegExp): Promise<void> {
  await untilTold(workspace, claimName, 'RestoreHeld', why);
  const claim = await workspace.claim(claimName);
  expect(claim.status?.phase).toBe('Pending');
  expect(claim.spec.volumeName).toBeUndefined();
  expect(claim.metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'hold' });
  const described = await describeClaim(workspace, claimName);
  expect(described).toMatch(/Warning +RestoreHeld/);
  expect(described).toContain('no data is at risk');
}

describe.concurrent('a destination in trouble', () => {
  scenario(
    'invariants 1, 2 and 10: with a wrong key in its Secret, claims wait, and go on once it is mended',
    async ({ workspace }) => {
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      const backup = await seedBackup(workspace, 'notes', tier);
      await setSecretKey(workspace, tier, 'not-the-key');
      await untilDestination(workspace, tier, false);

      await deploy(workspace, 'notes', { tier: tier.name });
      await expectHeld(workspace, 'notes', /SignatureDoesNotMatch|credentials|key/i);
      await setSecretKey(workspace, tier, workspace.cluster.environment.s3.secretAccessKey);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      await untilTold(workspace, 'notes', 'RestoreCompleted', new RegExp(backup.snapshotId.slice(0, 8)));
    },
  );

  scenario(
    'invariants 1, 2 and 10: with a bucket that does not exist, and with a wrong one, claims wait',
    async ({ workspace, contents }) => {
      const { bucket } = workspace.cluster.environment.s3;
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      const backup = await seedBackup(workspace, 'notes', tier);
      await setBucket(workspace, tier, `${tier.name}-missing`);
      await untilDestination(workspace, tier, false);
      await deploy(workspace, 'notes', { tier: tier.name });
      await expectHeld(workspace, 'notes', /NoSuchBucket|bucket/i);

      // An empty bucket would say "none" to whoever does not ask which bucket it is.
      const wrongBucket = `${tier.name}-other`;
      await contents.createBucket(wrongBucket);
      workspace.onEnd(() => contents.deleteBucket(wrongBucket));
      await setBucket(workspace, tier, wrongBucket);
      await untilTold(workspace, 'notes', 'RestoreHeld', /destination\.json/);
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      expect(await contents.keysIn(wrongBucket)).toEqual([]);

      await setBucket(workspace, tier, bucket);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    },
  );

  scenario(
    'a repository that was initialised and never used means a blank start, and says so',
    async ({ workspace, contents }) => {
      const repository = await ResticRepository.of(workspace, 'notes');
      await repository.init();
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const life = await lifeOf(workspace, 'notes');
      expect(life.origin).toBe('blank');
      expect(await describeClaim(workspace, 'notes')).toContain('holds no backup of this claim: it starts blank');
      const snapshot = await protect(workspace, 'notes');
      expect(await repository.snapshots()).toContainEqual(expect.objectContaining({ id: snapshot.id }));
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(snapshot.id);
    },
  );

  scenario(
    'invariants 1 and 10: a repository emptied behind our back leaves the claim waiting, until it is brought back',
    async ({ workspace, contents }) => {
      const { namespace } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const first = await lifeOf(workspace, 'notes');
      const snapshot = await protect(workspace, 'notes');
      await remove(workspace, 'notes');
      await contents.copy(`${namespace}/notes/`, `${namespace}/saved/`);
      await contents.deleteBelow(`${namespace}/notes/`);

      await deploy(workspace, 'notes', { tier: 'hourly' });
      const told = await untilTold(workspace, 'notes', 'RestoreHeld', /ledger remembers snapshot/);
      expect(told.message).toContain(snapshot.id.slice(0, 8));
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      expect(readyCondition((await restoreOf(workspace, 'notes'))?.status?.conditions)?.reason).toBe('BackupVanished');
      const { status } = await untilProtection(workspace, 'notes', 'Restoring');
      expect(readyCondition(status?.conditions)?.message).toContain('ledger remembers');

      await contents.copy(`${namespace}/saved/`, `${namespace}/notes/`);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
    },
  );

  scenario(
    'invariants 1 and 2: a ledger that cannot be read leaves the claim of an empty repository waiting',
    async ({ workspace, contents }) => {
      const { namespace } = workspace;
      await contents.put(`.rebound/claims/${namespace}/notes.json`, '{"version": 1, "claim":');
      await workspace.createClaim('notes', { tier: 'hourly' });
      await untilTold(workspace, 'notes', 'RestoreHeld', /cannot be understood/);
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
    },
  );

  scenario('invariant 9: a namespace can open its own repository only', async ({ workspace }) => {
    await seedBackup(workspace, 'notes');
    const foreign = await ResticRepository.passwordOf(workspace.cluster, 'another-namespace');
    const repository = (await ResticRepository.of(workspace, 'notes')).withPassword(foreign);
    const { exitCode, stderr } = await repository.attempt(['snapshots']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('wrong password');
  });
});
