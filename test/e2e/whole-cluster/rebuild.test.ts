import { describe, expect } from 'vitest';

import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { namespaces, persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { installRebound, uninstallRebound } from '../../install/install.ts';
import { checksumOf, deploy, lifeOf } from '../support/application.ts';
import { untilTold } from '../support/claim-story.ts';
import { protect } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';

describe('a cluster that is built anew', () => {
  scenario(
    'invariant 7: uninstalling leaves applications running and nothing stuck; a new installation brings the data back',
    async ({ workspace, cluster, contents }) => {
      const { client, namespace } = workspace;
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await deploy(workspace, 'vault', { tier: 'daily', user: 1000 });
      const notes = await lifeOf(workspace, 'notes');
      const vault = await lifeOf(workspace, 'vault');
      const [first] = await Promise.all([protect(workspace, 'notes'), protect(workspace, 'vault')]);

      workspace.onEnd(() => installRebound(cluster.provider));
      await uninstallRebound(cluster.provider);
      expect(await client.get(namespaces, { name: SYSTEM_NAMESPACE })).toBeUndefined();
      expect(await cluster.kubectl(['get', 'crd', '-o', 'name'])).not.toContain('rebound.dev');
      expect(await checksumOf(workspace, 'notes')).toBe(notes.checksum);
      const claims = await client.list(persistentVolumeClaims, { namespace });
      expect(claims.map(({ metadata, status }) => [metadata.deletionTimestamp, status?.phase])).toEqual(
        claims.map(() => [undefined, 'Bound']),
      );
      expect(await contents.snapshotIds(workspace, 'notes')).toContain(first.id);

      await workspace.deleteNamespace();
      await installRebound(cluster.provider);
      await workspace.createNamespace();
      await deploy(workspace, 'notes', { tier: 'hourly' });
      await deploy(workspace, 'vault', { tier: 'daily', user: 1000 });
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: notes.checksum });
      expect(await lifeOf(workspace, 'vault')).toEqual({ origin: 'filled', checksum: vault.checksum });
      await untilTold(workspace, 'notes', 'RestoreCompleted', new RegExp(first.id.slice(0, 8)));
      await protect(workspace, 'notes');
    },
  );
});
