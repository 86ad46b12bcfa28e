import { describe, expect } from 'vitest';

import { MOVERS_NAMESPACE } from '../../../src/api/group.ts';
import { CLAIM_UID_LABEL } from '../../../src/api/labels.ts';
import { backupPolicies, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { jobs, persistentVolumeClaims, pods, secrets } from '../../../src/kube/model/built-in-kinds.ts';
import type { KubeObject } from '../../../src/kube/model/kind.ts';
import { checksumOf, deploy, inApplication, lifeOf, remove } from '../support/application.ts';
import { makeOwnTier, untilDestination } from '../support/own-tier.ts';
import { annotate, protect } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';
import { compareMetadata, decorateScript, metadataOf } from '../support/volume-metadata.ts';

describe('movers of our own', () => {
  scenario(
    'invariants 1 and 11: restore the claims of a tier that asks for them, with nothing in their namespace',
    async ({ workspace }) => {
      const tier = await makeOwnTier(workspace);
      const { client, namespace } = workspace;
      await client.mergePatch(backupPolicies, { name: tier.name }, { spec: { engine: 'Restic' } });
      await untilDestination(workspace, tier, true);
      const options = {
        tier: tier.name,
        storageClassName: 'ext4-immediate',
        spec: { resources: { requests: { storage: '96Mi' } } },
      };
      await deploy(workspace, 'notes', options);
      await annotate(workspace, 'notes', { 'rebound.dev/mover-user': '0:0' });
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', `${decorateScript}\nchown 1234:5678 nothing\nsync .`);
      const [checksum, before] = [await checksumOf(workspace, 'notes'), await metadataOf(workspace, 'notes')];
      const { id } = await protect(workspace, 'notes');

      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', options);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
      const after = await metadataOf(workspace, 'notes');
      expect(compareMetadata(before, after).filter(({ path }) => path !== '.')).toEqual([]);
      const { metadata, spec } = await workspace.claim('notes');
      const name = spec.dataSourceRef?.name ?? '';
      const restore = await client.get(volumeRestores, { namespace, name });
      expect(restore?.status).toMatchObject({ engine: 'Restic', snapshot: { id } });
      await workspace.eventually('nothing of the restore to be left among the movers', async () => {
        const labelSelector = `${CLAIM_UID_LABEL}=${metadata.uid}`;
        const left = await Promise.all(
          [jobs, persistentVolumeClaims, pods, secrets].map((kind) =>
            client.list<KubeObject>(kind, { namespace: MOVERS_NAMESPACE, labelSelector }),
          ),
        );
        return left.flat().length === 0;
      });
    },
  );
});
