import { beforeEach, describe, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import {
  BACKUP_ROLE,
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  COPY_ROLE,
  MAINTAIN_ROLE,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OWNER_UID_LABEL,
  PRIME_ROLE,
  ROLE_LABEL,
} from '../../api/labels.ts';
import { protectedVolumes, volumeRestores } from '../../api/resource-kinds.ts';
import { jobs, persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { moverBackups } from '../../engines/mover/backup.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { childOf } from '#doubles/kube/json.ts';
import { volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import { remember } from '#simulation/past.ts';
import { NAMESPACE, World } from '#simulation/world.ts';
import { LeftMoverReconciler } from './reconciler.ts';

const ref = (name: string) => ({ namespace: MOVERS_NAMESPACE, name });

let world: World;

beforeEach(async () => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  world.createClaim('restore');
  await world.until(({ restore }) => restore !== undefined);
  const labels = {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [CLAIM_UID_LABEL]: world.claim?.metadata.uid ?? '',
    [OWNER_UID_LABEL]: world.restore?.metadata.uid ?? '',
    [CLAIM_NAMESPACE_LABEL]: NAMESPACE,
  };
  const finalizers = ['rebound.dev/unread'];
  world.server.create(jobs, { metadata: { ...ref('job'), labels, finalizers }, spec: { suspend: true } });
  world.server.create(persistentVolumeClaims, {
    metadata: { ...ref('rebound-prime-1'), labels: { ...labels, [ROLE_LABEL]: PRIME_ROLE } },
    spec: { storageClassName: 'fast' },
  });
});

async function sweep(): Promise<readonly unknown[]> {
  world.process.copies.seeEverything();
  const reconciler = new LeftMoverReconciler(world.process.context, {});
  for (const name of ['job', 'rebound-prime-1']) await reconciler.reconcile(objectKey(ref(name)));
  world.cluster.protect();
  return [...world.server.list(jobs), ...world.server.list(persistentVolumeClaims)]
    .filter(({ metadata }) => metadata.namespace === MOVERS_NAMESPACE)
    .map(({ metadata }) => metadata.name);
}

describe('what a restore has among the movers', () => {
  it('stays while the restore is there', async () => {
    expect(await sweep()).toEqual(['job', 'rebound-prime-1']);
  });

  it('invariant 7: goes when the restore is gone', async () => {
    world.server.delete(volumeRestores, world.restore?.metadata ?? { name: '' });
    expect(await sweep()).toEqual([]);
  });
});

describe('what removes old snapshots', () => {
  beforeEach(() => {
    const owner = world.protection?.metadata.uid ?? '';
    world.server.change(jobs, ref('job'), (object) => {
      const labels = childOf(childOf(object, 'metadata'), 'labels');
      labels[ROLE_LABEL] = MAINTAIN_ROLE;
      labels[OWNER_UID_LABEL] = owner;
    });
  });

  it('stays while the claim is there', async () => {
    expect(await sweep()).toContain('job');
  });

  it('invariant 4: goes when the claim is gone', async () => {
    world.server.delete(protectedVolumes, world.protection?.metadata ?? { name: '' });
    expect(await sweep()).not.toContain('job');
  });
});

describe('what a backup run has among the movers', () => {
  it('is not ended by what somebody writes into the labels of a snapshot in another namespace', async () => {
    const name = 'rebound-backup-1';
    const labels = {
      [MANAGED_BY_LABEL]: MANAGED_BY,
      [CLAIM_UID_LABEL]: world.claim?.metadata.uid ?? '',
      [OWNER_UID_LABEL]: 'gone',
      [CLAIM_NAMESPACE_LABEL]: NAMESPACE,
      [ROLE_LABEL]: BACKUP_ROLE,
    };
    const source = { persistentVolumeClaimName: 'mine' };
    world.server.create(jobs, { metadata: { ...ref(name), labels }, spec: {} });
    world.server.create(volumeSnapshots, { metadata: { name, namespace: 'elsewhere', labels }, spec: { source } });
    world.process.copies.seeEverything();
    const { context } = world.process;
    const engine = moverBackups(context, 'restic:1');
    const reconciler = new LeftMoverReconciler(context, { Restic: engine });
    await reconciler.reconcile(objectKey({ namespace: 'elsewhere', name }));
    expect(world.server.get(jobs, ref(name))).toBeDefined();
    const { claim } = world;
    if (claim === undefined) expect.unreachable();
    const copy = { name: 'rebound-copy-2', namespace: 'elsewhere', labels: { ...labels, [ROLE_LABEL]: COPY_ROLE } };
    world.server.delete(jobs, ref(name));
    world.server.create(volumeSnapshots, { metadata: copy, spec: { source } });
    world.process.copies.seeEverything();
    expect(engine.runOf(claim)).toBeUndefined();
  });
});
