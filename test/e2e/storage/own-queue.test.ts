import { describe, expect, onTestFinished } from 'vitest';

import { MOVERS_NAMESPACE } from '../../../src/api/group.ts';
import { BACKUP_ROLE, ROLE_LABEL } from '../../../src/api/labels.ts';
import { backupPolicies, protectedVolumes, reboundSettingsKind } from '../../../src/api/resource-kinds.ts';
import { jobs, pods } from '../../../src/kube/model/built-in-kinds.ts';
import { deploy, lifeOf, remove } from '../support/application.ts';
import { makeOwnTier, untilDestination } from '../support/own-tier.ts';
import { protect } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';
import type { Workspace } from '../support/workspace.ts';

const BACKUPS = 2;
const names = Array.from({ length: 8 }, (_, index) => `many-${index}`);
const ofBackups = { namespace: MOVERS_NAMESPACE, labelSelector: `${ROLE_LABEL}=${BACKUP_ROLE}` };

/** How many backup movers of the whole cluster work, by their Jobs, and by their pods. */
async function backupsAtWork({ client }: Workspace): Promise<number> {
  const [allJobs, allPods] = await Promise.all([client.list(jobs, ofBackups), client.list(pods, ofBackups)]);
  const working = allJobs.filter(({ status }) => !(status?.conditions ?? []).some(({ status: is }) => is === 'True'));
  const alive = allPods.filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending');
  return Math.max(working.length, alive.length);
}

/** Looks again and again until it is told to stop; returns the most that ever worked at the same time. */
function watchBackups(workspace: Workspace): () => Promise<number> {
  let most = 0;
  let isOver = false;
  const look = async (): Promise<boolean> => {
    most = Math.max(most, await backupsAtWork(workspace));
    return isOver;
  };
  const watching = workspace.eventually('the watch to end', look, 900_000);
  const end = async (): Promise<number> => {
    isOver = true;
    await watching;
    return most;
  };
  onTestFinished(async () => {
    await end();
  });
  return end;
}

/** Reasons of the Ready conditions of the claims' protections. */
async function reasons({ client, namespace }: Workspace): Promise<readonly string[]> {
  const all = (await client.list(protectedVolumes, { namespace })).filter(({ metadata }) =>
    names.includes(metadata.name),
  );
  return all.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? '');
}

describe('many claims at once, by movers of our own', () => {
  scenario(
    'invariant 10: are backed up as many at a time as may, and say that they wait; a restore begins meanwhile',
    async ({ workspace }) => {
      const { client } = workspace;
      const tier = await makeOwnTier(workspace);
      await client.mergePatch(backupPolicies, { name: tier.name }, { spec: { engine: 'Restic' } });
      await untilDestination(workspace, tier, true);
      const options = { tier: tier.name, storageClassName: 'ext4-immediate' };
      await deploy(workspace, 'back', options);
      const before = await lifeOf(workspace, 'back');
      await protect(workspace, 'back');
      await remove(workspace, 'back');

      const spec = { limits: { backups: BACKUPS, firstBackups: BACKUPS } };
      await client.create(reboundSettingsKind, { metadata: { name: 'default' }, spec });
      workspace.onEnd(() => client.delete(reboundSettingsKind, { name: 'default' }));
      const endWatch = watchBackups(workspace);
      for (const name of names) await deploy(workspace, name, options);
      await workspace.eventually('a claim to say that it waits', async () =>
        (await reasons(workspace)).includes('Queued'),
      );
      await deploy(workspace, 'back', options);
      expect(await lifeOf(workspace, 'back')).toEqual({ origin: 'filled', checksum: before.checksum });
      expect(await reasons(workspace)).not.toEqual(names.map(() => 'Protected'));

      const areProtected = async () => (await reasons(workspace)).filter((one) => one === 'Protected').length === 8;
      await workspace.eventually('all claims to be protected', areProtected, 480_000);
      expect(await endWatch()).toBe(BACKUPS);
    },
  );
});
