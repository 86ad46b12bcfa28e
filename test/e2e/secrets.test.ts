import { describe, expect } from 'vitest';

import { SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import { pods } from '../../src/kube/model/built-in-kinds.ts';
import { deploy, lifeOf, remove } from './support/application.ts';
import { makeOwnTier, setSecretKey, untilDestination } from './support/own-tier.ts';
import { protect, untilProtection } from './support/protection.ts';
import { masterPassword, ResticRepository } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

/** Everything but Secrets that a reader of the namespace sees: objects, statuses, events, pods' specs. */
async function visibleText({ cluster, namespace }: Workspace): Promise<string> {
  const kinds = 'pvc,pods,jobs,events,protectedvolumes,volumerestores,replicationsources,replicationdestinations';
  const objects = await cluster.kubectl(['-n', namespace, 'get', kinds, '-o', 'yaml']);
  const shared = await cluster.kubectl(['get', 'backupdestinations,backuppolicies', '-o', 'yaml']);
  const events = await cluster.kubectl(['-n', SYSTEM_NAMESPACE, 'get', 'events,configmaps,leases', '-o', 'yaml']);
  return [objects, shared, events].join('\n');
}

async function logText({ cluster }: Workspace): Promise<string> {
  const labelSelector = 'app.kubernetes.io/name=rebound';
  const found = await cluster.client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
  const logs = await Promise.all(
    found.map(({ metadata }) => cluster.kubectl(['-n', SYSTEM_NAMESPACE, 'logs', metadata.name])),
  );
  return logs.join('\n');
}

describe('secrets', () => {
  scenario(
    'invariant 9: no key and no password is in an object, an event or a log, after backups, restores and failures',
    async ({ workspace, cluster }) => {
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      await deploy(workspace, 'notes', { tier: tier.name });
      await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');
      await remove(workspace, 'notes');
      const wrongKey = 'wrong-key-that-must-stay-secret';
      await setSecretKey(workspace, tier, wrongKey);
      await untilDestination(workspace, tier, false);
      await deploy(workspace, 'notes', { tier: tier.name });
      await untilProtection(workspace, 'notes', 'Restoring');
      const whileHeld = await visibleText(workspace);
      await setSecretKey(workspace, tier, cluster.environment.s3.secretAccessKey);
      expect((await lifeOf(workspace, 'notes')).origin).toBe('filled');

      const secrets = [
        wrongKey,
        cluster.environment.s3.secretAccessKey,
        await masterPassword(cluster),
        await ResticRepository.passwordOf(cluster, workspace.namespace),
      ];
      const text = [whileHeld, await visibleText(workspace), await logText(workspace)].join('\n');
      expect(text).toContain(workspace.namespace);
      const seen = secrets.filter((secret) =>
        [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)].some((form) =>
          text.includes(form),
        ),
      );
      expect(seen.length).toBe(0);
    },
  );
});
