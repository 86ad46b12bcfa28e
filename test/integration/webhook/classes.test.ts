import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '../../../src/kube/model/built-in-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import { claimManifest, createClaim, decisionOf, startWebhookFixture, type WebhookFixture } from './fixture.ts';
import { applyManifests, readManifests } from './manifests.ts';

const provisioners = {
  disks: 'disk.example.com',
  'disks-with-volume': 'disk.example.com',
  'local-path': 'rancher.io/local-path',
  static: 'kubernetes.io/no-provisioner',
  folders: 'example.com/makes-folders',
};

let fixture: WebhookFixture;
let namespace: string;

beforeAll(async () => {
  fixture = await startWebhookFixture();
  const { client } = fixture;
  for (const [name, provisioner] of Object.entries(provisioners)) {
    await client.create(storageClasses, { metadata: { name }, provisioner });
  }
  await client.create(csiDrivers, { metadata: { name: 'disk.example.com' }, spec: {} });
  await createVolume('free', { storageClassName: 'disks-with-volume' });
  await fixture.reconcileCertificates();
  const webhook = await fixture.startWebhook();
  await fixture.sendClaimsTo(webhook.port());
  await fixture.reconcileCertificates();
  await applyManifests(client, readManifests('policies/no-undecided-claims.yaml'));
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(() => fixture.stop());

/** An Available volume; no controller runs beside this API server to call it so. */
async function createVolume(name: string, spec: object): Promise<void> {
  await fixture.client.create(persistentVolumes, {
    metadata: { name },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/nowhere' }, ...spec },
  });
  await fixture.client.applyStatus(persistentVolumes, { metadata: { name }, status: { phase: 'Available' } });
}

const create = (spec: object, metadata: object = {}, dryRun = false): Promise<PersistentVolumeClaim> =>
  createClaim(fixture.client, claimManifest({ namespace, name: 'db', ...metadata }, spec), dryRun);

/** As some program creates it that calls itself so, without leaving anything behind; returns the claim and the warnings. */
async function createAs(manager: string, spec: object): Promise<{ readonly claim: string; readonly warnings: string }> {
  const body = JSON.stringify({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...claimManifest({ namespace, name: 'db' }, spec),
  });
  const response = await fixture.connection.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/persistentvolumeclaims?dryRun=All&fieldManager=${manager}`,
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  return { claim: await response.body.text(), warnings: String(response.headers['warning'] ?? '') };
}

const waitsFor = ({ spec }: PersistentVolumeClaim) => spec.selector?.matchLabels;

describe('a claim that waits', () => {
  it('has no selector where a CSI driver makes the volumes', async () => {
    await fixture.putBackup(namespace, 'db');
    const claim = await create({ storageClassName: 'disks' });
    expect(decisionOf(claim)).toBe('restore');
    expect(claim.spec.selector).toBeUndefined();
  });

  it.each(['', 'local-path', 'static', 'disks-with-volume', 'not-there-yet'])(
    'invariant 1: has a selector that nothing matches in class %j',
    async (storageClassName) => {
      await fixture.putBackup(namespace, 'db');
      const claim = await create({ storageClassName });
      expect(decisionOf(claim)).toBe('restore');
      expect(waitsFor(claim)).toEqual({ 'rebound.dev/waits-for': claim.spec.dataSourceRef?.name });
    },
  );

  it('keeps it when its manifest is applied again, and when it grows', async () => {
    await fixture.putBackup(namespace, 'db');
    const created = await create({ storageClassName: 'local-path' });
    const manifest = claimManifest({ namespace }, { storageClassName: 'local-path' });
    const desired = { ...manifest, metadata: { ...manifest.metadata, namespace, name: 'db' } };
    const applied = await fixture.client.apply(persistentVolumeClaims, desired);
    expect(applied.spec).toEqual(created.spec);
    const patched = await fixture.client.mergePatch(
      persistentVolumeClaims,
      { namespace, name: 'db' },
      { metadata: { annotations: { 'example.com/applied': 'twice' } } },
    );
    expect(patched.spec).toEqual(created.spec);
  });

  it('invariant 1: is refused in words where nothing is known to keep it waiting', async () => {
    await fixture.putBackup(namespace, 'db');
    const creation = create({ storageClassName: 'folders' });
    await expect(creation).rejects.toMatchObject({ code: 403 });
    await expect(creation).rejects.toThrow('example.com/makes-folders, is no CSI driver of this cluster');
    expect(decisionOf(await create({ storageClassName: 'folders' }, { name: 'new' }))).toBe('fresh');
  });

  it('invariant 5: is none that a volume is reserved for', async () => {
    await fixture.putBackup(namespace, 'db');
    await createVolume(`reserved-${namespace}`, { storageClassName: 'disks', claimRef: { namespace, name: 'db' } });
    await poll({ what: 'the reservation to be seen', timeoutSeconds: 10 }, async () => {
      return decisionOf(await create({ storageClassName: 'disks' }, {}, true)) === 'ignore';
    });
  });

  it("warns Terraform's users of a selector, and has none where a CSI driver makes the volumes", async () => {
    await fixture.putBackup(namespace, 'db');
    const local = await createAs('HashiCorp', { storageClassName: 'local-path' });
    expect(local.claim).toContain('rebound.dev/waits-for');
    expect(local.warnings).toContain('ignore_changes');
    const disks = await createAs('Terraform', { storageClassName: 'disks-with-volume' });
    expect(disks.claim).not.toContain('rebound.dev/waits-for');
    expect(disks.warnings).toContain('Available volume');
    expect((await createAs('kubectl', { storageClassName: 'disks-with-volume' })).warnings).toBe('');
  });
});

describe('an exported claim', () => {
  const old = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'rebound-of-a-lost-cluster' };
  const exported = {
    dataSource: old,
    dataSourceRef: old,
    selector: { matchLabels: { 'rebound.dev/waits-for': old.name } },
    storageClassName: 'local-path',
  };

  it('waits for a restore of its own', async () => {
    await fixture.putBackup(namespace, 'db');
    const claim = await create(exported);
    expect(claim.spec.dataSourceRef?.name).not.toBe(old.name);
    expect(waitsFor(claim)).toEqual({ 'rebound.dev/waits-for': claim.spec.dataSourceRef?.name });
  });

  it.each([
    ['fresh', {}],
    ['ignore', { volumeName: 'pv-1' }],
  ])('is freed of its earlier wait when it is decided %s', async (decision, spec) => {
    const claim = await create({ ...exported, ...spec });
    expect(decisionOf(claim)).toBe(decision);
    expect(claim.spec.selector).toBeUndefined();
    expect(claim.spec.dataSourceRef).toBeUndefined();
    expect(claim.spec.dataSource).toBeUndefined();
  });
});

describe('what is backed up or left alone, and not restored', () => {
  it.each([
    ['a selector of its own', { selector: { matchLabels: { app: 'shop' } } }, 'which is never changed'],
    ['a block device', { volumeMode: 'Block' }, 'block device'],
    ['a volume that is only read', { accessModes: ['ReadOnlyMany'] }, 'ReadOnlyMany'],
    [
      "another tool's data source",
      { dataSourceRef: { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'db-dst' } },
      'even a newer one',
    ],
  ])('is told at creation: %s', async (_, spec, words) => {
    await fixture.putBackup(namespace, 'db');
    expect((await createAs('kubectl', spec)).warnings).toContain(words);
    const claim = await create(spec);
    expect(decisionOf(claim)).toBe('ignore');
    expect(claim.spec).toMatchObject(spec);
  });

  it.each([
    ['an operator', { 'cnpg.io/cluster': 'db' }],
    ['Velero', { 'velero.io/restore-name': 'after-the-fire' }],
  ])('is what %s fills, unless a restore is asked for in so many words', async (_, others) => {
    await fixture.putBackup(namespace, 'db');
    const labels = { backup: 'hourly', ...others };
    expect(decisionOf(await create({}, { labels }, true))).toBe('ignore');
    const annotations = { 'rebound.dev/restore': 'latest' };
    expect(decisionOf(await create({}, { labels, annotations }, true))).toBe('restore');
  });
});
