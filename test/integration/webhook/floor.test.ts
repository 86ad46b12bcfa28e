import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decisionToken } from '../../../src/domain/decision-token.ts';
import type { PersistentVolumeClaim } from '../../../src/kube/model/built-in-kinds.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { claimManifest, createClaim, decisionOf, startWebhookFixture, type WebhookFixture } from './fixture.ts';
import { decided, refusal, untilEnforced } from './floor.ts';
import { applyManifests, deleteManifests, readManifests } from './manifests.ts';

const MINUTE = 60_000;
const pod = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '0b7e3c1a-0000-4000-8000-000000000000' };

let fixture: WebhookFixture;
let namespace: string;

const create = (metadata: object, spec: object = {}, dryRun = false): Promise<PersistentVolumeClaim> =>
  createClaim(fixture.client, claimManifest({ namespace, ...metadata }, spec), dryRun);

/** The token that the program writes for a claim of this namespace. */
const tokenOf = (name: string, ageMilliseconds = 0): string =>
  decisionToken({ namespace, name }, Date.now() - ageMilliseconds);

beforeAll(async () => {
  fixture = await startWebhookFixture();
  await applyManifests(fixture.client, readManifests('policies/no-undecided-claims.yaml'));
  namespace = await fixture.newNamespace();
  await untilEnforced(fixture.client, namespace);
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(() => fixture.stop());

describe('without a webhook configuration', () => {
  it('invariant 1: a labelled claim is refused, with a message that says what to do', async () => {
    const creation = create({ name: 'db' });
    await expect(creation).rejects.toMatchObject({ code: 403 });
    await expect(creation).rejects.toThrow(refusal);
    await expect(creation).rejects.toThrow(`claim ${namespace}/db`);
    await expect(creation).rejects.toThrow('kubectl -n rebound-system get pods');
    expect(await fixture.client.get(persistentVolumeClaims, { namespace, name: 'db' })).toBeUndefined();
  });

  it('a dry run, server-side apply and a generated name are refused too', async () => {
    await expect(create({ name: 'db' }, {}, true)).rejects.toThrow(refusal);
    await expect(create({ generateName: 'db-' })).rejects.toThrow(refusal);
    const manifest = claimManifest({ namespace, name: 'db' });
    const applying = fixture.client.apply(persistentVolumeClaims, {
      ...manifest,
      metadata: { ...manifest.metadata, name: 'db' },
    });
    await expect(applying).rejects.toThrow(refusal);
  });

  it.each([
    ['an annotation alone', { 'rebound.dev/decision': 'fresh' }],
    ['an empty token', { 'rebound.dev/decision': 'fresh', 'rebound.dev/decision-token': '' }],
    ['a token of no claim and no time', { 'rebound.dev/decision': 'fresh', 'rebound.dev/decision-token': '@' }],
  ])('%s is no decision', async (_, annotations) => {
    await expect(create({ name: 'db', annotations })).rejects.toThrow(refusal);
  });

  it("another claim's decision is none", async () => {
    for (const other of [`${namespace}/db-2`, `other/db`, `x${namespace}/db`, `${namespace}/d`, `/db`]) {
      const token = tokenOf('db').replace(`${namespace}/db`, other);
      await expect(create({ name: 'db', ...decided(token) })).rejects.toThrow(refusal);
    }
    const noDecision = { annotations: { 'rebound.dev/decision-token': tokenOf('db') } };
    await expect(create({ name: 'db', ...noDecision })).rejects.toThrow(refusal);
  });

  it.each([3 * MINUTE, -3 * MINUTE])('a decision that was made %d ms before the creation is none', async (age) => {
    await expect(create({ name: 'db', ...decided(tokenOf('db', age)) })).rejects.toThrow(
      /carries a decision of .* the clocks of the nodes/,
    );
    expect(decisionOf(await create({ name: 'db', ...decided(tokenOf('db', age / 3)) }))).toBe('fresh');
  });

  it.each(['', '@', '@now', '@2026-13-45T00:00:00Z', '@@'])('a decision of the time %j is none', async (time) => {
    const token = `${namespace}/db${time}`;
    await expect(create({ name: 'db', ...decided(token) })).rejects.toThrow('rebound-no-undecided-claims');
  });

  it('reads tokens as the program writes them', async () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    for (const name of ['db', 'a.b', long]) {
      expect(decisionOf(await create({ name, ...decided(tokenOf(name)) }))).toBe('fresh');
    }
    const generated = decisionToken({ namespace, name: '', generateName: 'scratch-' }, Date.now());
    expect(decisionOf(await create({ generateName: 'scratch-', ...decided(generated) }))).toBe('fresh');
  });

  it.each([
    [{}, { volumeName: 'pv-1' }],
    [{}, { dataSourceRef: { apiGroup: 'example.com', kind: 'VolumeRestore', name: 'another-tools' } }],
    [{}, { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'nightly' } }],
    [{}, { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } }],
    [{ ownerReferences: [pod] }, {}],
    [{ ownerReferences: [{ ...pod, kind: 'PersistentVolumeClaim' }] }, {}],
    [{ labels: { 'app.kubernetes.io/created-by': 'volsync' } }, {}],
    [{ labels: { 'rebound.dev/role': 'prime' } }, {}],
  ])('what can not bind blank in place of a backup passes: %j %j', async (metadata, spec) => {
    await create({ name: 'db', ...metadata }, spec);
  });

  it.each([
    [{}, { volumeName: '' }],
    [{}, { dataSourceRef: { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'of-an-exported-manifest' } }],
    [{}, { dataSource: { apiGroup: 'example.com', kind: 'Disk', name: 'dropped-by-kubernetes' } }],
    [{ ownerReferences: [{ ...pod, apiVersion: 'apps/v1', kind: 'StatefulSet' }] }, {}],
  ])('what could is refused: %j %j', async (metadata, spec) => {
    await expect(create({ name: 'db', ...metadata }, spec)).rejects.toThrow(refusal);
  });

  it('invariant 6: unlabelled claims and system namespaces are not touched', async () => {
    const { spec } = claimManifest({});
    await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    for (const system of ['kube-system', 'rebound-system', 'volsync-system']) {
      await createClaim(fixture.client, claimManifest({ namespace: system, name: 'db' }));
    }
  });

  it('an update is not asked about', async () => {
    const { spec } = claimManifest({});
    await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    const patch = { metadata: { labels: { backup: 'hourly' } } };
    await fixture.client.mergePatch(persistentVolumeClaims, { namespace, name: 'db' }, patch);
  });

  it('holds for a policy that was removed and applied again, and lets decisions through', async () => {
    const policy = readManifests('policies/no-undecided-claims.yaml');
    await deleteManifests(fixture.client, policy);
    await applyManifests(fixture.client, policy);
    await untilEnforced(fixture.client, namespace);
    expect(decisionOf(await create({ name: 'db', ...decided(tokenOf('db')) }, {}, true))).toBe('fresh');
  });
});

describe('with a webhook that is down', () => {
  it('invariant 1: a labelled claim is refused with a message that says what to do, an unlabelled one is not', async () => {
    await fixture.sendClaimsTo(1);
    await expect(create({ name: 'db' })).rejects.toThrow(refusal);
    const { spec } = claimManifest({});
    await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    await create({ name: 'db-2' }, { volumeName: 'pv-1' });
    await fixture.sendClaimsNowhere();
  });
});

describe('the network policies', () => {
  it('are accepted by the API server', async () => {
    await applyManifests(fixture.client, readManifests('manifests/base/movers.yaml'));
    await applyManifests(fixture.client, readManifests('policies/network-policies.yaml'));
  });
});

describe('the policy', () => {
  const status = z.looseObject({
    status: z.looseObject({
      typeChecking: z.object({ expressionWarnings: z.array(z.unknown()).optional() }).optional(),
    }),
  });

  it('names the namespaces that the webhook configuration names', () => {
    const text = JSON.stringify(readManifests('policies/no-undecided-claims.yaml')[0]);
    const [configuration] = readManifests('manifests/webhook/mutating-webhook-configuration.yaml');
    const values = /"values":(\[[^\]]*\])/;
    expect(values.exec(text)?.[1]).toBe(values.exec(JSON.stringify(configuration))?.[1]);
  });

  it('has no expression that the API server warns of', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/rebound-no-undecided-claims';
    const policy = status.safeParse(JSON.parse(await fixture.client.raw({ method: 'GET', path })));
    expect(policy.data?.status.typeChecking?.expressionWarnings ?? []).toEqual([]);
  });
});
