import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../../src/kube/model/built-in-kinds.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { applyManifests, readManifests } from './manifests.ts';
import { claimManifest, createClaim, decisionOf, startWebhookFixture, type WebhookFixture } from './fixture.ts';
import type { WebhookProcess } from './webhook-process.ts';

const ours = { apiGroup: 'rebound.dev', kind: 'VolumeRestore' };
const oldReference = { ...ours, name: 'rebound-of-a-lost-cluster' };
const pod = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '0b7e3c1a-0000-4000-8000-000000000000' };

let fixture: WebhookFixture;
let webhook: WebhookProcess;
let namespace: string;

beforeAll(async () => {
  fixture = await startWebhookFixture();
  await fixture.reconcileCertificates();
  webhook = await fixture.startWebhook();
  await fixture.sendClaimsTo(webhook.port());
  await fixture.reconcileCertificates();
  await applyManifests(fixture.client, readManifests('policies/no-undecided-claims.yaml'));
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(() => fixture.stop());

const create = (metadata: object, spec: object = {}, dryRun = false): Promise<PersistentVolumeClaim> =>
  createClaim(fixture.client, claimManifest({ namespace, ...metadata }, spec), dryRun);

const seen = (): Promise<number> => webhook.metric('rebound_admission_duration_seconds_count');

describe('a labelled claim', () => {
  it('starts blank when there certainly is no backup', async () => {
    const claim = await create({ name: 'db' });
    expect(decisionOf(claim)).toBe('fresh');
    expect(claim.metadata.annotations?.['rebound.dev/decision-reason']).toContain('no backup');
    expect(claim.metadata.annotations?.['rebound.dev/decision-token']).toMatch(new RegExp(`^${namespace}/db@`));
    expect(claim.spec.dataSourceRef).toBeUndefined();
  });

  it('waits for its restore when a backup exists', async () => {
    await fixture.putBackup(namespace, 'db');
    const claim = await create({ name: 'db' });
    expect(decisionOf(claim)).toBe('restore');
    expect(claim.spec.dataSourceRef).toMatchObject(ours);
    expect(claim.spec.dataSourceRef?.name).toMatch(/^rebound-[0-9a-f]{16}$/);
    expect(claim.spec.dataSource).toMatchObject(ours);
  });

  it("takes no other claim's backup for its own", async () => {
    await fixture.putBackup(namespace, 'db');
    expect(decisionOf(await create({ name: 'db-2' }))).toBe('fresh');
    const other = await fixture.newNamespace();
    expect(decisionOf(await createClaim(fixture.client, claimManifest({ namespace: other, name: 'db' })))).toBe(
      'fresh',
    );
  });

  it('starts blank when it was asked to, whatever backups there are', async () => {
    await fixture.putBackup(namespace, 'db');
    const claim = await create({ name: 'db', annotations: { 'rebound.dev/restore': 'none' } });
    expect(decisionOf(claim)).toBe('fresh');
    expect(claim.spec.dataSourceRef).toBeUndefined();
  });

  it('is refused when its label names no policy', async () => {
    const creation = create({ name: 'db', labels: { backup: 'weekly' } });
    await expect(creation).rejects.toMatchObject({ code: 403 });
    await expect(creation).rejects.toThrow(/claims\.rebound\.dev.*names no BackupPolicy\. Use one of: daily, hourly\./);
  });

  it('is refused when it asks for a restore that makes no sense, or for a snapshot where there is none', async () => {
    const asking = (restore: string) => create({ name: 'db', annotations: { 'rebound.dev/restore': restore } });
    await expect(asking('yesterday')).rejects.toThrow('it takes "latest", "newest", "none", an RFC 3339 time');
    await expect(asking('0123abcd')).rejects.toThrow('holds no backup of this claim');
  });

  it('is left alone with a volume of its own, and recorded', async () => {
    const claim = await create({ name: 'db' }, { volumeName: 'pv-1' });
    expect(decisionOf(claim)).toBe('ignore');
    expect(claim.spec).toMatchObject({ volumeName: 'pv-1' });
    expect(claim.spec.dataSourceRef).toBeUndefined();
  });

  it.each([
    { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'nightly' } },
    { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } },
    { dataSourceRef: { apiGroup: 'example.com', kind: 'Disk', name: 'golden' } },
  ])("is left alone with the user's own data source: %j", async (spec) => {
    await fixture.putBackup(namespace, 'db');
    const claim = await create({ name: 'db' }, spec);
    expect(decisionOf(claim)).toBe('ignore');
    expect(claim.spec.dataSourceRef).toEqual(spec.dataSourceRef ?? spec.dataSource);
  });

  it('invariant 1: is refused with a dataSource that Kubernetes drops', async () => {
    const dataSource = { apiGroup: 'example.com', kind: 'Disk', name: 'golden' };
    await expect(create({ name: 'db' }, { dataSource })).rejects.toThrow('Put it in spec.dataSourceRef');
  });

  it('is left alone when a pod owns it', async () => {
    await fixture.putBackup(namespace, 'p-scratch');
    const claim = await create({ name: 'p-scratch', ownerReferences: [pod] });
    expect(decisionOf(claim)).toBeUndefined();
  });

  it("is left alone when it is the engine's", async () => {
    const claim = await create({ name: 'helper', labels: { 'app.kubernetes.io/created-by': 'volsync' } });
    expect(decisionOf(claim)).toBeUndefined();
  });

  it('starts blank with a generated name', async () => {
    const claim = await create({ generateName: 'scratch-' });
    expect(decisionOf(claim)).toBe('fresh');
    expect(claim.metadata.name).toMatch(/^scratch-.+/);
    expect(claim.metadata.annotations?.['rebound.dev/decision-token']).toMatch(/\/scratch-@/);
  });

  it('has a name of any length', async () => {
    const name = `${'n'.repeat(63)}.${'a'.repeat(63)}.${'m'.repeat(63)}.${'e'.repeat(61)}`;
    expect(name).toHaveLength(253);
    await fixture.putBackup(namespace, name);
    expect(decisionOf(await create({ name }))).toBe('restore');
  });

  it("keeps what a StatefulSet's claim carries", async () => {
    await fixture.putBackup(namespace, 'data-db-0');
    const labels = { app: 'db', 'apps.kubernetes.io/pod-index': '0' };
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: pod.uid };
    const claim = await create({ name: 'data-db-0', labels, ownerReferences: [owner] });
    expect(decisionOf(claim)).toBe('restore');
    expect(claim.metadata.labels).toEqual({ ...labels, backup: 'hourly' });
  });

  it('keeps its annotations, with slashes and tildes', async () => {
    const annotations = { 'example.com/a': '1', 'tilde~key': '2' };
    const creation = create({ name: 'db', annotations: { 'example.com/a': '1' } });
    expect((await creation).metadata.annotations).toMatchObject({ 'example.com/a': '1' });
    await expect(create({ name: 'db-2', annotations })).rejects.toThrow('metadata.annotations');
  });

  it('is refused by the API server, not by us, when its name is impossible', async () => {
    await expect(create({ name: 'Not_A_Name' })).rejects.toMatchObject({ code: 422 });
  });
});

describe('ways to create', () => {
  it('decides on a dry run, and leaves nothing behind', async () => {
    await fixture.putBackup(namespace, 'db');
    expect(decisionOf(await create({ name: 'db' }, {}, true))).toBe('restore');
    expect(await fixture.client.get(persistentVolumeClaims, { namespace, name: 'db' })).toBeUndefined();
    expect(decisionOf(await create({ name: 'db-2' }, {}, true))).toBe('fresh');
  });

  it('decides on server-side apply that creates, and not when it updates', async () => {
    await fixture.putBackup(namespace, 'db');
    const manifest = claimManifest({ namespace, name: 'db' });
    const named = { ...manifest, metadata: { ...manifest.metadata, name: 'db' } };
    const created = await fixture.client.apply(persistentVolumeClaims, named);
    expect(decisionOf(created)).toBe('restore');
    const before = await seen();
    const updated = await fixture.client.apply(persistentVolumeClaims, named);
    expect(updated.spec.dataSourceRef).toEqual(created.spec.dataSourceRef);
    expect(await seen()).toBe(before);
  });

  it.each(['restore', 'fresh'])('decides afresh on an exported claim: %s', async (expected) => {
    if (expected === 'restore') await fixture.putBackup(namespace, 'db');
    const annotations = {
      'rebound.dev/decision': 'hold',
      'rebound.dev/decision-reason': 'of another cluster',
      'rebound.dev/decision-token': `${namespace}/db@2026-01-01T00:00:00Z`,
    };
    const claim = await create({ name: 'db', annotations }, { dataSource: oldReference, dataSourceRef: oldReference });
    expect(decisionOf(claim)).toBe(expected);
    expect(Object.values(claim.metadata.annotations ?? {})).not.toContain('of another cluster');
    expect(claim.spec.dataSourceRef?.name).not.toBe(oldReference.name);
    expect(claim.spec.dataSource).toEqual(claim.spec.dataSourceRef);
  });

  it('gives a claim that is created again a VolumeRestore of its own', async () => {
    await fixture.putBackup(namespace, 'db');
    const names = new Set<string | undefined>();
    for (let round = 0; round < 3; round += 1) {
      names.add((await create({ name: 'db' }, {}, true)).spec.dataSourceRef?.name);
    }
    expect(names.size).toBe(3);
  });
});

describe('claims that are none of our business', () => {
  it('invariant 6: an unlabelled claim never comes to the webhook', async () => {
    const before = await seen();
    const { spec } = claimManifest({});
    const claim = await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    expect(claim.metadata.annotations).toBeUndefined();
    expect(await seen()).toBe(before);
  });

  it('a label that is added later changes nothing', async () => {
    await fixture.putBackup(namespace, 'db');
    const { spec } = claimManifest({});
    await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    const before = await seen();
    const patch = { metadata: { labels: { backup: 'hourly' } } };
    const claim = await fixture.client.mergePatch(persistentVolumeClaims, { namespace, name: 'db' }, patch);
    expect(decisionOf(claim)).toBeUndefined();
    expect(await seen()).toBe(before);
  });

  it.each(['kube-system', 'rebound-system', 'volsync-system'])('claims in %s do not come either', async (system) => {
    const before = await seen();
    const claim = await createClaim(fixture.client, claimManifest({ namespace: system, name: `db-${namespace}` }));
    expect(decisionOf(claim)).toBeUndefined();
    expect(await seen()).toBe(before);
  });
});

describe('what is told', () => {
  it('warns the user of a claim whose volume keeps it from being restored', async () => {
    const claim = claimManifest({ namespace, name: 'db' }, { volumeName: 'pv-1' });
    const response = await fixture.connection.send({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim }),
      signal: AbortSignal.timeout(10_000),
    });
    await response.body.dump();
    expect(String(response.headers['warning'])).toContain('Rebound: spec.volumeName is pv-1');
  });

  it('counts decisions, probes and requests, and has written nothing that the role does not allow', async () => {
    await create({ name: 'db' });
    expect(await webhook.metric('rebound_admission_decisions_total', { decision: 'fresh' })).toBeGreaterThan(0);
    expect(await webhook.metric('rebound_admission_probe_duration_seconds_count', { answer: 'none' })).toBeGreaterThan(
      0,
    );
    expect(await webhook.metric('rebound_webhook_certificate_expiry_timestamp_seconds')).toBeGreaterThan(
      Date.now() / 1000,
    );
    expect(await webhook.metric('rebound_kube_request_duration_seconds_count', { code: '403' })).toBe(0);
  });

  it('invariant 9: logs no credential', () => {
    const { secretAccessKey } = fixture.s3.settings;
    const log = webhook.log();
    expect(log).toContain('"decision":"fresh"');
    expect(log).not.toContain(secretAccessKey);
    expect(log).not.toContain('PRIVATE KEY');
    expect(log).not.toContain(readFileSync(fixture.plane.kubeconfigPath, 'utf8').slice(-200, -100));
  });
});
