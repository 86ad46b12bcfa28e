import { describe, expect } from 'vitest';

import { MOVERS_NAMESPACE } from '../../../src/api/group.ts';
import { CLAIM_UID_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../../../src/api/labels.ts';
import { backupPolicies, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { replicationSources } from '../../../src/engines/volsync/kinds.ts';
import {
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '../../../src/kube/model/built-in-kinds.ts';
import type { KubeObject } from '../../../src/kube/model/kind.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../../src/kube/model/volume-snapshot-kinds.ts';
import { checksumOf, deploy, inApplication, lifeOf, remove } from '../support/application.ts';
import { makeOwnTier, type OwnTier, untilDestination } from '../support/own-tier.ts';
import { protect } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';
import { compareMetadata, decorateScript, metadataOf } from '../support/volume-metadata.ts';
import type { Workspace } from '../support/workspace.ts';

const managed = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;

async function makeResticTier(workspace: Workspace): Promise<OwnTier> {
  const tier = await makeOwnTier(workspace);
  await workspace.client.mergePatch(backupPolicies, { name: tier.name }, { spec: { engine: 'Restic' } });
  await untilDestination(workspace, tier, true);
  return tier;
}

/** What is there of the runs of a claim, as `kind name`: in its namespace, among the movers, and of the whole cluster. */
async function leftOfRuns({ client, namespace }: Workspace, claimUid: string): Promise<readonly string[]> {
  const ours = { labelSelector: `${CLAIM_UID_LABEL}=${claimUid}` };
  const lists = await Promise.all([
    ...[volumeSnapshots, secrets, persistentVolumeClaims, replicationSources].map((kind) =>
      client.list<KubeObject>(kind, { namespace, labelSelector: managed }),
    ),
    ...[jobs, persistentVolumeClaims, pods, secrets, volumeSnapshots].map((kind) =>
      client.list<KubeObject>(kind, { namespace: MOVERS_NAMESPACE, ...ours }),
    ),
    client
      .list(volumeSnapshotContents)
      .then((all) => all.filter(({ spec }) => spec.volumeSnapshotRef.name?.includes(claimUid) === true)),
    client.list(persistentVolumes).then((all) => all.filter(({ spec }) => spec.claimRef?.name?.includes(claimUid))),
  ]);
  return lists.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

async function untilNothingIsLeft(workspace: Workspace, claimUid: string): Promise<void> {
  let last: readonly string[] = [];
  const look = async () => {
    last = await leftOfRuns(workspace, claimUid);
    return last.length === 0;
  };
  await workspace.eventually('runs to leave nothing over', look).catch((error: unknown) => {
    throw new Error(`left over: ${last.join(', ')}`, { cause: error });
  });
}

describe('backups by movers of our own', () => {
  scenario(
    'invariants 1, 7 and 11: leave nothing behind, save only what is new, and come back with all that belongs to files',
    async ({ workspace }) => {
      const { name: tier } = await makeResticTier(workspace);
      const options = {
        tier,
        storageClassName: 'ext4-immediate',
        spec: { resources: { requests: { storage: '96Mi' } } },
      };
      await deploy(workspace, 'notes', options);
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', `${decorateScript}\nchown 1234:5678 nothing\nsync .`);
      const { uid } = (await workspace.claim('notes')).metadata;
      const first = await protect(workspace, 'notes');
      await untilNothingIsLeft(workspace, uid);

      await inApplication(workspace, 'notes', 'echo more > more; sync .');
      const [checksum, before] = [await checksumOf(workspace, 'notes'), await metadataOf(workspace, 'notes')];
      const second = await protect(workspace, 'notes');
      expect(second.files).toBe((first.files ?? 0) + 1);
      await untilNothingIsLeft(workspace, uid);

      await remove(workspace, 'notes');
      await deploy(workspace, 'notes', options);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
      expect(compareMetadata(before, await metadataOf(workspace, 'notes'))).toEqual([]);
      const { spec } = await workspace.claim('notes');
      const ref = { namespace: workspace.namespace, name: spec.dataSourceRef?.name ?? '' };
      const restore = await workspace.client.get(volumeRestores, ref);
      expect(restore?.status).toMatchObject({ engine: 'Restic', snapshot: { id: second.id } });
    },
  );
});
