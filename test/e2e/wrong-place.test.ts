import { describe, expect } from 'vitest';
import { z } from 'zod';

import { MOVER_USER_ANNOTATION } from '../../src/api/labels.ts';
import { replicationSources } from '../../src/engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../src/engines/volsync/replication-source.ts';
import { jobs, secrets } from '../../src/kube/model/built-in-kinds.ts';
import { backupDestinations } from '../../src/api/resource-kinds.ts';
import { deploy, inApplication, lifeOf } from './support/application.ts';
import { untilTold } from './support/claim-story.ts';
import { makeOwnTier, untilDestination } from './support/own-tier.ts';
import {
  annotate,
  protect,
  protectionOf,
  requestBackup,
  untilCarriedOut,
  untilProtection,
} from './support/protection.ts';
import { ResticRepository } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';

describe.concurrent('nothing is written into the wrong place', () => {
  scenario(
    'invariants 12 and 13: a destination whose prefix is edited gets no backup there; they go on when it is put right',
    async ({ workspace, contents }) => {
      const { client } = workspace;
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      await deploy(workspace, 'notes', { tier: tier.name });
      await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');

      const setPrefix = (prefix: string) =>
        client.mergePatch(backupDestinations, { name: tier.name }, { spec: { s3: { prefix } } });
      const elsewhere = `${tier.prefix}-elsewhere`;
      await setPrefix(elsewhere);
      expect(await untilDestination(workspace, tier, false)).toBe('IdentityMissing');
      const request = await requestBackup(workspace, 'notes');
      await untilProtection(workspace, 'notes', 'Degraded', 'RepositoryUnavailable');
      const told = await untilTold(workspace, 'notes', 'RepositoryUnavailable', /schedule of this claim is paused/);
      expect(told.type).toBe('Warning');

      await setPrefix(tier.prefix);
      await untilDestination(workspace, tier, true);
      await untilCarriedOut(workspace, 'notes', request);
      const { status } = await untilProtection(workspace, 'notes', 'Protected');
      const snapshots = `${tier.prefix}/${workspace.namespace}/notes/snapshots/`;
      expect(await contents.keys(snapshots)).toContain(`${snapshots}${status?.lastBackup?.id ?? ''}`);
      expect(await contents.keys(elsewhere)).toEqual([]);
    },
  );

  scenario(
    'invariant 12: a mover whose user is changed while it makes the repository is not replaced, and the repository has one key',
    async ({ workspace, contents }) => {
      const { client, namespace } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await workspace.eventually('the first backup to have begun', async () => {
        const found = await client.list(jobs, { namespace });
        return found.some(({ metadata }) => metadata.name.startsWith('volsync-src-'));
      });
      await annotate(workspace, 'notes', { [MOVER_USER_ANNOTATION]: '1234:1234:1234' });
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', 'chmod 0644 secret');
      await protect(workspace, 'notes');
      expect((await protectionOf(workspace, 'notes'))?.status?.moverUser).toMatchObject({ runAsUser: 1234 });
      expect(await contents.keys(`${namespace}/notes/keys/`)).toHaveLength(1);
      const repository = await ResticRepository.of(workspace, 'notes');
      expect(await repository.attempt(['check'])).toMatchObject({ exitCode: 0 });
      expect((await repository.snapshots()).length).toBeGreaterThan(0);
    },
  );

  scenario(
    'invariant 12: a copy that a tool makes of a schedule, without its owner, is removed before it writes into the repository of another claim',
    async ({ workspace }) => {
      const { client, namespace } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await deploy(workspace, 'other');
      await lifeOf(workspace, 'other');
      await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');
      const repository = await ResticRepository.of(workspace, 'notes');
      const before = await repository.snapshots();

      const [schedule] = await client.list(replicationSources, { namespace });
      if (schedule === undefined) throw new Error('there is no schedule to copy');
      const named = repositorySecretOf(schedule) ?? '';
      const secret = { namespace, name: 'rebound-other-0123456789abcdef' };
      const copy = { namespace, name: 'rebound-other' };
      const { labels } = schedule.metadata;
      const original = await client.get(secrets, { namespace, name: named });
      await client.create(secrets, { metadata: { ...secret, labels }, data: original?.data });
      const text = JSON.stringify({ ...schedule.spec, sourcePVC: 'other' }).replaceAll(named, secret.name);
      const spec = z.record(z.string(), z.json()).parse(JSON.parse(text));
      await client.create(replicationSources, { metadata: { ...copy, labels }, spec });

      await workspace.eventually('the copied schedule and its mover to be gone', async () => {
        const left = await client.list(jobs, { namespace });
        const hasMover = left.some(({ metadata }) => metadata.name === `volsync-src-${copy.name}`);
        return !hasMover && (await client.get(replicationSources, copy)) === undefined;
      });
      expect(await client.get(secrets, secret)).toBeUndefined();
      expect(await repository.snapshots()).toEqual(before);
    },
  );
});
