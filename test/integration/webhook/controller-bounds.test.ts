import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildBackupJob } from '../../../src/engines/mover/backup-job.ts';
import { buildMaintenanceJob } from '../../../src/engines/mover/maintenance-job.ts';
import { buildMoverSecret } from '../../../src/engines/mover/mover-secret.ts';
import { buildRestoreJob } from '../../../src/engines/mover/restore-job.ts';
import { backupPlan, maintenancePlan, moverRepository, restorePlan } from '#doubles/mover/mover-plans.ts';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import {
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '../../../src/kube/model/built-in-kinds.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../../src/kube/model/volume-snapshot-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import type { Fixture } from '../kube/fixture.ts';
import { startBoundsFixture } from './bounds-fixture.ts';
import { kindOf, readManifests } from './manifests.ts';

const OWN = { 'app.kubernetes.io/managed-by': 'rebound' };
const owner = {
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'ProtectedVolume',
  name: 'data',
  uid: 'u-1',
  controller: true,
};
const replicationSources = kindOf({ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationSource' });
const serviceAccounts = kindOf({ apiVersion: 'v1', kind: 'ServiceAccount' });

let fixture: Fixture;
/** With the rights of the controller's ServiceAccount. */
let controller: KubeClient;
let stop: () => Promise<void>;
let namespace: string;

const repositorySecret = (metadata: object = {}, rest: object = {}) => ({
  metadata: { namespace, name: 'rebound-data-1', labels: OWN, ownerReferences: [owner], ...metadata },
  type: 'Opaque',
  immutable: true,
  data: {},
  ...rest,
});

/** A content by which a namespace has a snapshot of the storage. */
const contentOf = (ref: { readonly namespace: string; readonly name: string }, deletionPolicy = 'Retain') => ({
  metadata: { name: ref.name, labels: OWN },
  spec: { driver: 'csi.example', deletionPolicy, source: { snapshotHandle: 'theirs' }, volumeSnapshotRef: ref },
});

const refused = { code: 403 };
const bounded = /may only/;

beforeAll(async () => {
  ({ fixture, controller, stop } = await startBoundsFixture([
    replicationSources,
    volumeSnapshots,
    volumeSnapshotContents,
  ]));
  const probes = await fixture.newNamespace();
  await poll({ what: 'the bounds to be enforced', timeoutSeconds: 30 }, async () => {
    const probe = { metadata: { namespace: probes, name: 'mine' }, data: {} };
    const claim = { metadata: { namespace: probes, name: 'mine' }, spec: claimSpec };
    const source = { metadata: { namespace: probes, name: 'mine' }, spec: {} };
    const content = contentOf({ namespace: probes, name: 'mine' });
    const attempts = [
      controller.create(secrets, probe, { dryRun: true }),
      controller.create(persistentVolumeClaims, claim, { dryRun: true }),
      controller.create(replicationSources, source, { dryRun: true }),
      controller.create(volumeSnapshots, source, { dryRun: true }),
      controller.create(volumeSnapshotContents, content, { dryRun: true }),
    ];
    const answers = await Promise.allSettled(attempts);
    return answers.every((one) => one.status === 'rejected' && bounded.test(String(one.reason)));
  });
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(async () => {
  await stop();
});

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describe("invariant 9: the controller's Secrets", () => {
  it('can be made and removed beside claims, and neither read nor changed', async () => {
    await controller.create(secrets, repositorySecret());
    const ref = { namespace, name: 'rebound-data-1' };
    await expect(controller.get(secrets, ref)).rejects.toMatchObject(refused);
    await expect(controller.mergePatch(secrets, ref, {})).rejects.toMatchObject(refused);
    await expect(controller.apply(secrets, repositorySecret())).rejects.toMatchObject(refused);
    expect(await controller.delete(secrets, ref)).toBe(true);
  });

  it.each([
    ['of another name', { name: 'mine' }, {}],
    ['without its label', { labels: {} }, {}],
    ['without its owner', { ownerReferences: [] }, {}],
    ['that can be changed', {}, { immutable: false }],
    ['of another type', {}, { type: 'kubernetes.io/basic-auth', data: { username: 'YQ==' } }],
  ])('can not be made %s', async (_, metadata, rest) => {
    await expect(controller.create(secrets, repositorySecret(metadata, rest))).rejects.toMatchObject(refused);
  });

  it('can not be made in a system namespace, but for those of the certificates', async () => {
    for (const system of ['kube-system', 'rebound-system']) {
      const secret = repositorySecret({ namespace: system });
      await expect(controller.create(secrets, secret, { dryRun: true })).rejects.toThrow(bounded);
    }
    const certificates = { metadata: { namespace: 'rebound-system', name: 'rebound-webhook-ca' }, data: {} };
    await controller.apply(secrets, certificates);
    await controller.apply(secrets, { ...certificates, data: { 'ca.crt': 'YQ==' } });
    const master = { namespace: 'rebound-system', name: 'master' };
    await fixture.client.create(secrets, { metadata: master, data: {} });
    await expect(controller.mergePatch(secrets, master, { data: { a: 'YQ==' } })).rejects.toThrow(bounded);
    await expect(controller.delete(secrets, master)).rejects.toThrow(bounded);
  });

  it("invariant 5: a user's Secret can not be removed, whatever it is called", async () => {
    const mine = { namespace, name: 'rebound-data' };
    await fixture.client.create(secrets, { metadata: mine, data: {} });
    await expect(controller.delete(secrets, mine)).rejects.toThrow(bounded);
  });
});

describe("invariant 5: a user's objects", () => {
  it('stay: claims', async () => {
    const prime = { namespace, name: 'rebound-prime-1', labels: OWN };
    await controller.create(persistentVolumeClaims, { metadata: prime, spec: claimSpec });
    await controller.delete(persistentVolumeClaims, prime);
    const mine = { namespace, name: 'data', labels: OWN };
    await fixture.client.create(persistentVolumeClaims, { metadata: mine, spec: claimSpec });
    await expect(controller.delete(persistentVolumeClaims, mine)).rejects.toThrow(bounded);
    await expect(
      controller.create(persistentVolumeClaims, { metadata: { ...mine, name: 'other' }, spec: claimSpec }),
    ).rejects.toThrow(bounded);
  });

  it('stay: claims, but for the node that was chosen for their volume', async () => {
    const annotations = { 'volume.kubernetes.io/selected-node': 'gone', 'rebound.dev/restore': 'latest' };
    const mine = { namespace, name: 'data', labels: { backup: 'hourly' }, annotations };
    await fixture.client.create(persistentVolumeClaims, { metadata: mine, spec: claimSpec });
    const patch = (metadata: object, spec: object = {}) =>
      controller.mergePatch(persistentVolumeClaims, mine, { metadata, spec });
    const tooMuch = [
      { annotations: { 'rebound.dev/restore': 'none' } },
      { annotations: { 'rebound.dev/restore': null } },
      { annotations: { another: 'one' } },
      { annotations: { 'volume.kubernetes.io/selected-node': 'mine' } },
      { labels: { backup: null } },
      { finalizers: [] },
    ];
    for (const metadata of tooMuch) await expect(patch(metadata)).rejects.toThrow(bounded);
    await expect(patch({}, { volumeName: 'another' })).rejects.toThrow(bounded);
    const patched = await patch({ annotations: { 'volume.kubernetes.io/selected-node': null } });
    expect(patched.metadata.annotations).toEqual({ 'rebound.dev/restore': 'latest' });
    expect(patched.metadata.labels).toEqual({ backup: 'hourly' });
  });

  it('stay: claims; our own are let go of by taking our finalizer off, and no other', async () => {
    const ours = 'rebound.dev/unchecked-volume';
    const prime = { namespace, name: 'rebound-prime-2', labels: OWN, finalizers: ['example.com/theirs', ours] };
    const made = await controller.create(persistentVolumeClaims, { metadata: prime, spec: claimSpec });
    const all = made.metadata.finalizers ?? [];
    const others = all.filter((one) => one !== ours);
    expect(others).toContain('example.com/theirs');
    const patch = (ref: { readonly namespace: string; readonly name: string }, finalizers: readonly string[]) =>
      controller.mergePatch(persistentVolumeClaims, ref, { metadata: { finalizers } });
    for (const finalizers of [[], [ours], [...all, 'example.com/another']]) {
      await expect(patch(prime, finalizers)).rejects.toThrow(bounded);
    }
    expect((await patch(prime, others)).metadata.finalizers).toEqual(others);
    const mine = { namespace, name: 'data', finalizers: [ours] };
    const { metadata } = await fixture.client.create(persistentVolumeClaims, { metadata: mine, spec: claimSpec });
    const withoutOurs = metadata.finalizers?.filter((one) => one !== ours) ?? [];
    await expect(patch(mine, withoutOurs)).rejects.toThrow(bounded);
  });

  it('stay: pods; those that look into volumes can use nothing else', async () => {
    const restore = { ...owner, kind: 'VolumeRestore' };
    const ours = { namespace, name: 'rebound-look-1', labels: OWN, ownerReferences: [restore] };
    const container = { name: 'look', image: 'rebound' };
    const volumesOf = (claimName: string) => [{ name: 'data', persistentVolumeClaim: { claimName } }];
    const spec = {
      automountServiceAccountToken: false,
      containers: [container],
      volumes: volumesOf('rebound-prime-1'),
    };
    await fixture.client.apply(serviceAccounts, { metadata: { namespace, name: 'default' } });
    await controller.create(pods, { metadata: ours, spec });
    await controller.delete(pods, ours);
    const mine = { namespace, name: 'mine', labels: OWN };
    await fixture.client.create(pods, { metadata: mine, spec: { containers: [container] } });
    await expect(controller.delete(pods, mine)).rejects.toThrow(bounded);
    const secretEnv = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }];
    const tooMuch = [
      { volumes: volumesOf('data') },
      { volumes: [{ name: 'data', hostPath: { path: '/' } }] },
      { volumes: [{ name: 'data', secret: { secretName: 'rebound-data-1' } }] },
      { hostNetwork: true },
      { automountServiceAccountToken: true },
      { containers: [{ ...container, securityContext: { privileged: true } }] },
      { initContainers: [{ ...container, name: 'first', env: secretEnv }] },
    ];
    for (const more of tooMuch) {
      await expect(controller.create(pods, { metadata: ours, spec: { ...spec, ...more } })).rejects.toThrow(bounded);
    }
    for (const other of [{ name: 'other' }, { labels: {} }, { ownerReferences: [owner] }]) {
      await expect(controller.create(pods, { metadata: { ...ours, ...other }, spec })).rejects.toThrow(bounded);
    }
  });

  it('stay: schedules of their own', async () => {
    const ours = { namespace, name: 'rebound-data', labels: OWN, ownerReferences: [owner] };
    await controller.create(replicationSources, { metadata: ours, spec: {} });
    await controller.mergePatch(replicationSources, ours, { spec: { paused: true } });
    await controller.delete(replicationSources, ours);
    const mine = { namespace, name: 'rebound-mine', labels: OWN };
    await fixture.client.create(replicationSources, { metadata: mine, spec: {} });
    await expect(controller.mergePatch(replicationSources, mine, { spec: { paused: true } })).rejects.toThrow(bounded);
    await expect(controller.delete(replicationSources, mine)).rejects.toThrow(bounded);
  });

  it('stay, but for copies of our own that tools make without their owners: these can be removed, and only that', async () => {
    const copy = { namespace, name: 'rebound-data', labels: OWN };
    const restic = { repository: 'rebound-data-0123456789abcdef' };
    await fixture.client.create(replicationSources, { metadata: copy, spec: { sourcePVC: 'data', restic } });
    await expect(controller.mergePatch(replicationSources, copy, { spec: { paused: true } })).rejects.toThrow(bounded);
    expect(await controller.delete(replicationSources, copy)).toBe(true);
    const secret = { ...copy, name: restic.repository };
    await fixture.client.create(secrets, { metadata: secret, data: {} });
    expect(await controller.delete(secrets, secret)).toBe(true);
    const mine = { ...copy, name: 'rebound-mine' };
    await fixture.client.create(secrets, { metadata: mine, data: {} });
    await expect(controller.delete(secrets, mine)).rejects.toThrow(bounded);
  });

  it('stay: volumes; only those of prime claims can be handed over, and nothing else of them can be changed', async () => {
    const volume = (name: string, claimName: string) => ({
      metadata: { name: `${namespace}-${name}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        csi: { driver: 'csi.example', volumeHandle: name },
        claimRef: { namespace, name: claimName },
      },
    });
    const [ours, mine] = [volume('ours', 'rebound-prime-1'), volume('mine', 'data')];
    for (const one of [ours, mine]) await fixture.client.create(persistentVolumes, one);
    const change = (one: typeof ours, patch: object) =>
      controller.mergePatch(persistentVolumes, { name: one.metadata.name }, patch);
    await change(ours, {
      metadata: { annotations: { 'rebound.dev/former-reclaim-policy': 'Delete' } },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    });
    await expect(change(ours, { spec: { capacity: { storage: '2Gi' } } })).rejects.toThrow(bounded);
    await expect(change(ours, { metadata: { labels: { a: 'b' } } })).rejects.toThrow(bounded);
    await change(ours, { spec: { claimRef: { namespace, name: 'data' } } });
    for (const one of [mine, ours]) {
      await expect(change(one, { spec: { claimRef: { namespace, name: 'other' } } })).rejects.toThrow(bounded);
    }
    // Its own reclaim policy is still owed to the one that was kept.
    await change(ours, {
      metadata: { annotations: { 'rebound.dev/former-reclaim-policy': null } },
      spec: { persistentVolumeReclaimPolicy: 'Delete' },
    });
    await expect(change(ours, { spec: { persistentVolumeReclaimPolicy: 'Retain' } })).rejects.toThrow(bounded);
  });
});

describe('invariant 9: movers of our own', () => {
  const movers = 'rebound-movers';
  const restore = buildRestoreJob(restorePlan);

  it('can be made, let start, let go of and removed, each with a Secret of its own that nobody reads', async () => {
    for (const [built, plan] of [
      [restore, restorePlan],
      [buildBackupJob(backupPlan), backupPlan],
      [buildMaintenanceJob(maintenancePlan), maintenancePlan],
    ] as const) {
      const { name } = built.metadata;
      const made = await controller.create(jobs, built);
      const secret = buildMoverSecret({ name, uid: made.metadata.uid }, plan.client, moverRepository);
      await controller.create(secrets, secret);
      await expect(controller.get(secrets, { namespace: movers, name })).rejects.toMatchObject(refused);
      await controller.delete(secrets, { namespace: movers, name });
      await controller.create(secrets, secret);
      const started = await controller.mergePatch(jobs, built.metadata, { spec: { suspend: false } });
      expect(started.spec.suspend).toBe(false);
      await controller.delete(jobs, built.metadata);
      await controller.mergePatch(jobs, built.metadata, { metadata: { finalizers: null } });
    }
  });

  it('have Secrets of which only their own are removed', async () => {
    const metadata = { namespace: movers, name: `${restore.metadata.name}-users`, labels: OWN };
    await fixture.client.create(secrets, { metadata });
    await expect(controller.delete(secrets, metadata)).rejects.toThrow(bounded);
  });

  it('are made nowhere else, and no others are made or removed', async () => {
    const elsewhere = { ...restore, metadata: { ...restore.metadata, namespace } };
    await expect(controller.create(jobs, elsewhere)).rejects.toMatchObject(refused);
    for (const metadata of [{ name: 'mine' }, { labels: { a: 'b' } }]) {
      const other = { ...restore, metadata: { ...restore.metadata, ...metadata } };
      await expect(controller.create(jobs, other)).rejects.toThrow(bounded);
    }
    const mine = { ...restore.metadata, name: 'mine', finalizers: [] };
    await fixture.client.create(jobs, { ...restore, metadata: mine });
    await expect(controller.delete(jobs, mine)).rejects.toThrow(bounded);
  });

  it('use their volume and their Secret, and nothing else', async () => {
    const pod = restore.spec.template.spec;
    const [container] = pod.containers;
    const secretEnv = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'another', key: 'b' } } }];
    const tooMuch = [
      { volumes: [...pod.volumes, { name: 'more', secret: { secretName: 'another' } }] },
      { volumes: [...pod.volumes, { name: 'more', hostPath: { path: '/' } }] },
      { volumes: [...pod.volumes, { name: 'more', persistentVolumeClaim: { claimName: 'data' } }] },
      { serviceAccountName: 'default' },
      { automountServiceAccountToken: true },
      { hostNetwork: true },
      { containers: [{ ...container, securityContext: { privileged: true } }] },
      { containers: [{ ...container, envFrom: [{ secretRef: { name: 'another' } }] }] },
      { initContainers: [...pod.initContainers, { ...container, name: 'first', env: secretEnv }] },
    ];
    for (const more of tooMuch) {
      const spec = { ...restore.spec, template: { ...restore.spec.template, spec: { ...pod, ...more } } };
      await expect(controller.create(jobs, { ...restore, spec }, { dryRun: true })).rejects.toThrow('may only');
    }
  });

  it('fill claims of our own, and read copies of our own', async () => {
    for (const name of ['rebound-prime-1', 'rebound-copy-1']) {
      const claim = { metadata: { namespace: movers, name, labels: OWN }, spec: claimSpec };
      await controller.create(persistentVolumeClaims, claim);
      await controller.delete(persistentVolumeClaims, claim.metadata);
    }
    const copy = { metadata: { namespace, name: 'rebound-copy-1', labels: OWN }, spec: claimSpec };
    await expect(controller.create(persistentVolumeClaims, copy)).rejects.toThrow(bounded);
  });
});

describe("invariants 5 and 9: the storage's snapshots", () => {
  const movers = 'rebound-movers';

  it('of backup runs can be made and removed, and no others', async () => {
    const run = { namespace, name: 'rebound-backup-1', labels: OWN, ownerReferences: [owner] };
    const spec = { source: { persistentVolumeClaimName: 'data' } };
    await controller.create(volumeSnapshots, { metadata: run, spec });
    await controller.delete(volumeSnapshots, run);
    for (const other of [{ name: 'mine' }, { labels: {} }, { ownerReferences: [] }]) {
      const creation = controller.create(volumeSnapshots, { metadata: { ...run, ...other }, spec });
      await expect(creation).rejects.toThrow(bounded);
    }
    const mine = { namespace, name: 'rebound-backup-mine' };
    await fixture.client.create(volumeSnapshots, { metadata: mine, spec });
    await expect(controller.delete(volumeSnapshots, mine)).rejects.toThrow(bounded);
    await expect(controller.mergePatch(volumeSnapshots, mine, { metadata: { labels: OWN } })).rejects.toThrow(bounded);
  });

  it('of the engine are marked, and keep what they are of', async () => {
    const ofEngine = { namespace, name: 'volsync-rebound-data-src' };
    await fixture.client.create(volumeSnapshots, { metadata: ofEngine, spec: { source: { a: 'b' } } });
    await controller.mergePatch(volumeSnapshots, ofEngine, {
      metadata: { annotations: { 'rebound.dev/look': 'again' } },
    });
    const change = controller.mergePatch(volumeSnapshots, ofEngine, { spec: { source: { a: 'c' } } });
    await expect(change).rejects.toThrow(bounded);
    await expect(controller.delete(volumeSnapshots, ofEngine)).rejects.toThrow(bounded);
  });

  it('come among the movers only, and are not removed with what brought them there', async () => {
    const copy = { namespace: movers, name: 'rebound-copy-1' };
    await controller.create(volumeSnapshotContents, contentOf(copy));
    await controller.delete(volumeSnapshotContents, copy);
    const tooMuch = [
      contentOf({ namespace, name: copy.name }),
      contentOf({ namespace: movers, name: 'another' }),
      contentOf(copy, 'Delete'),
      { ...contentOf(copy), metadata: { name: copy.name } },
    ];
    for (const content of tooMuch) {
      await expect(controller.create(volumeSnapshotContents, content)).rejects.toThrow(bounded);
    }
  });

  it("stay: a user's, whatever their class says; those of backup runs go with their contents, and no less is changed of them", async () => {
    const named = (name: string) => ({ ...contentOf({ namespace, name }), metadata: { name: `${namespace}-${name}` } });
    const [mine, ofRun] = [named('mine'), named('rebound-backup-1')];
    for (const content of [mine, ofRun]) await fixture.client.create(volumeSnapshotContents, content);
    const change = ({ metadata }: typeof mine, spec: object) =>
      controller.mergePatch(volumeSnapshotContents, metadata, { spec });
    await expect(change(mine, { deletionPolicy: 'Delete' })).rejects.toThrow(bounded);
    await expect(controller.delete(volumeSnapshotContents, mine.metadata)).rejects.toThrow(bounded);
    await expect(change(ofRun, { deletionPolicy: 'Retain' })).rejects.toThrow(bounded);
    await expect(change(ofRun, { deletionPolicy: 'Delete', driver: 'another' })).rejects.toThrow(bounded);
    await change(ofRun, { deletionPolicy: 'Delete' });
    await controller.delete(volumeSnapshotContents, ofRun.metadata);
  });
});

describe('the bounds', () => {
  const status = z.looseObject({
    status: z.looseObject({
      typeChecking: z.object({ expressionWarnings: z.array(z.unknown()).optional() }).optional(),
    }),
  });

  it('have no expression that the API server warns of', async () => {
    for (const { kind, metadata } of readManifests('policies/controller-bounds.yaml')) {
      if (kind !== 'ValidatingAdmissionPolicy') continue;
      const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${metadata.name}`;
      const policy = status.safeParse(JSON.parse(await fixture.client.raw({ method: 'GET', path })));
      expect([metadata.name, policy.data?.status.typeChecking?.expressionWarnings ?? []]).toEqual([metadata.name, []]);
    }
  });
});
