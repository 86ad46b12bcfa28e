import { describe, expect } from 'vitest';

import { MOVERS_NAMESPACE, SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { CLAIM_UID_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../../../src/api/labels.ts';
import { backupPolicies, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { replicationSources } from '../../../src/engines/volsync/kinds.ts';
import {
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  storageClasses,
} from '../../../src/kube/model/built-in-kinds.ts';
import type { KubeObject } from '../../../src/kube/model/kind.ts';
import {
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../../src/kube/model/volume-snapshot-kinds.ts';
import { csiDrivers } from '../../cluster/native/csi-drivers.ts';
import { checksumOf, deploy, inApplication, lifeOf, remove } from '../support/application.ts';
import { actingController } from '../support/deployments.ts';
import { driverRecords } from '../support/driver-state.ts';
import { makeOwnTier, type OwnTier, untilDestination } from '../support/own-tier.ts';
import { killingGround } from '../support/killing-ground.ts';
import { protect, requestBackup, untilCarriedOut, untilProtection } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';
import { compareMetadata, decorateScript, metadataOf } from '../support/volume-metadata.ts';
import type { Workspace } from '../support/workspace.ts';

const MEBIBYTE = 1024 * 1024;
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

/** Classes that keep volumes and snapshots, both of that name. They end with the test. */
async function makeKeepingClasses(workspace: Workspace, name: string): Promise<string> {
  const { client } = workspace;
  const driver = csiDrivers.hostdir.driverName;
  await client.create(storageClasses, { metadata: { name }, provisioner: driver, reclaimPolicy: 'Retain' });
  workspace.onEnd(() => client.delete(storageClasses, { name }));
  await client.create(volumeSnapshotClasses, { metadata: { name }, driver, deletionPolicy: 'Retain' });
  workspace.onEnd(() => client.delete(volumeSnapshotClasses, { name }));
  // The application's own volume stays, too.
  workspace.onEnd(async () => {
    const left = (await client.list(persistentVolumes)).filter(({ spec }) => spec.storageClassName === name);
    const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
    for (const { metadata } of left) await client.mergePatch(persistentVolumes, { name: metadata.name }, patch);
  });
  return name;
}

describe('backups by movers of our own', () => {
  scenario(
    'invariants 1, 7 and 11: leave nothing behind, save only what is new, and come back with all that belongs to files',
    async ({ workspace, contents }) => {
      const { name: tier, prefix } = await makeResticTier(workspace);
      const storedBytes = () => contents.sizeBytes(`${prefix}/${workspace.namespace}/notes/data/`);
      const options = {
        tier,
        storageClassName: 'ext4-immediate',
        spec: { resources: { requests: { storage: '96Mi' } } },
      };
      await deploy(workspace, 'notes', options);
      await lifeOf(workspace, 'notes');
      await inApplication(
        workspace,
        'notes',
        `${decorateScript}\nchown 1234:5678 nothing\nhead -c 8M /dev/urandom > large\nsync .`,
      );
      const { uid } = (await workspace.claim('notes')).metadata;
      const first = await protect(workspace, 'notes');
      const firstBytes = await storedBytes();
      expect(firstBytes).toBeGreaterThan(8 * MEBIBYTE);
      await untilNothingIsLeft(workspace, uid);

      await inApplication(workspace, 'notes', 'echo more > more; sync .');
      const [checksum, before] = [await checksumOf(workspace, 'notes'), await metadataOf(workspace, 'notes')];
      const second = await protect(workspace, 'notes');
      expect(second.files).toBe((first.files ?? 0) + 1);
      expect((await storedBytes()) - firstBytes).toBeLessThan(MEBIBYTE);
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

  scenario('invariant 7: leave nothing with the driver, whatever the classes keep', async ({ workspace }) => {
    const { name: tier } = await makeResticTier(workspace);
    const { client } = workspace;
    const volSync = { volumeSnapshotClassName: await makeKeepingClasses(workspace, tier) };
    await client.mergePatch(backupPolicies, { name: tier }, { spec: { volSync } });
    await deploy(workspace, 'notes', { tier, storageClassName: tier });
    await lifeOf(workspace, 'notes');
    const { metadata, spec } = await workspace.claim('notes');
    const volume = await client.get(persistentVolumes, { name: spec.volumeName ?? '' });
    const handle = volume?.spec.csi?.volumeHandle ?? '';
    const snapshots = new Set<string>();
    const copies = new Set<string>();
    const ofClaim = async () => (await driverRecords('hostdir', 'snapshots')).filter((one) => one.sourceId === handle);
    for (let run = 0; run < 3; run += 1) {
      const request = await requestBackup(workspace, 'notes');
      const copy = await workspace.eventually('a run to have a copy of the volume', async () => {
        const all = await client.list(persistentVolumes);
        return all.find((one) => one.spec.claimRef?.name?.includes(metadata.uid))?.spec.csi?.volumeHandle;
      });
      copies.add(copy);
      for (const { id } of await ofClaim()) snapshots.add(id);
      await untilCarriedOut(workspace, 'notes', request);
      await untilNothingIsLeft(workspace, metadata.uid);
    }
    expect([snapshots.size, copies.size]).toEqual([3, 3]);
    expect(await ofClaim()).toEqual([]);
    const left = (await driverRecords('hostdir', 'volumes')).filter(({ id }) => copies.has(id));
    expect(left).toEqual([]);
  });

  describe('where the controller is killed in the middle of a run', () => {
    const { cluster, killer } = killingGround();

    /** A claim that is backed up, whose controller dies once a further run has a copy of its volume. */
    async function killInRun(workspace: Workspace) {
      const { name: tier } = await makeResticTier(workspace);
      await deploy(workspace, 'notes', { tier, storageClassName: 'ext4-immediate' });
      await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');
      const { uid } = (await workspace.claim('notes')).metadata;
      await untilNothingIsLeft(workspace, uid);
      const { metadata } = await workspace.eventually('a controller to act', () => actingController(cluster()));
      const request = await requestBackup(workspace, 'notes');
      await workspace.eventually('the run to have a copy', async () => {
        const left = await leftOfRuns(workspace, uid);
        return left.some((one) => one.startsWith('PersistentVolumeClaim '));
      });
      expect(await killer().kill(metadata.uid)).toBeGreaterThan(0);
      await cluster().client.delete(
        pods,
        { namespace: SYSTEM_NAMESPACE, name: metadata.name },
        { gracePeriodSeconds: 0 },
      );
      return { uid, request };
    }

    scenario('invariant 7: the next one ends it, once', async ({ workspace }) => {
      const { uid, request } = await killInRun(workspace);
      await untilCarriedOut(workspace, 'notes', request);
      await untilNothingIsLeft(workspace, uid);
      await untilProtection(workspace, 'notes', 'Protected');
    });

    scenario('invariant 7: the next one takes it away where the claim has gone meanwhile', async ({ workspace }) => {
      const { uid } = await killInRun(workspace);
      await remove(workspace, 'notes');
      await untilNothingIsLeft(workspace, uid);
    });
  });
});
