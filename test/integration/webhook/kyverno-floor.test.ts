import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decisionToken } from '../../../src/domain/decision-token.ts';
import type { PersistentVolumeClaim } from '../../../src/kube/model/built-in-kinds.ts';
import { claimManifest, createClaim, decisionOf, startWebhookFixture, type WebhookFixture } from './fixture.ts';
import { decided, refusal, untilEnforced } from './floor.ts';
import { applyManifests, type Manifest, readManifests } from './manifests.ts';

/*
 * No Kyverno runs here. Its ValidatingPolicy has the fields of Kubernetes' own, and the same language for its expressions: the API
 * server evaluates them in the place of Kyverno. What Kyverno adds (its webhooks, its failure policy) is not tested.
 */

const MINUTE = 60_000;
const [policy] = readManifests('policies/kyverno/no-undecided-claims.yaml');
const name = policy?.metadata.name ?? '';
const api = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } } as const;

/** The policy as Kubernetes' own, and its binding. */
function asBuiltIn(kyverno: Manifest | undefined): Manifest[] {
  const { evaluation: _how, validationActions, ...spec } = z.record(z.string(), z.unknown()).parse(kyverno?.['spec']);
  return [
    { ...api, kind: 'ValidatingAdmissionPolicy', spec },
    { ...api, kind: 'ValidatingAdmissionPolicyBinding', spec: { policyName: name, validationActions } },
  ];
}

let fixture: WebhookFixture;
let namespace: string;

const create = (metadata: object, spec: object = {}, dryRun = false): Promise<PersistentVolumeClaim> =>
  createClaim(fixture.client, claimManifest({ namespace, ...metadata }, spec), dryRun);

const tokenOf = (claim: string, ageMilliseconds = 0): string =>
  decisionToken({ namespace, name: claim }, Date.now() - ageMilliseconds);

beforeAll(async () => {
  fixture = await startWebhookFixture();
  await applyManifests(fixture.client, asBuiltIn(policy));
  namespace = await fixture.newNamespace();
  await untilEnforced(fixture.client, namespace);
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(() => fixture.stop());

describe('the floor as a policy of Kyverno', () => {
  it('invariant 1: refuses a labelled claim that nobody decided on', async () => {
    await expect(create({ name: 'db' })).rejects.toThrow(refusal);
    await expect(create({ generateName: 'db-' })).rejects.toThrow(refusal);
  });

  it.each([
    ['no token', { 'rebound.dev/decision': 'fresh' }],
    ['an empty token', { 'rebound.dev/decision': 'fresh', 'rebound.dev/decision-token': '' }],
    ['a token of no claim and no time', { 'rebound.dev/decision': 'fresh', 'rebound.dev/decision-token': '@' }],
  ])('invariant 1: %s is no decision', async (_, annotations) => {
    await expect(create({ name: 'db', annotations })).rejects.toThrow(name);
  });

  it("invariant 1: another claim's decision, or one of another time, is none", async () => {
    for (const other of [`${namespace}/db-2`, `other/db`, `x${namespace}/db`, `${namespace}/d`, `/db`]) {
      const token = tokenOf('db').replace(`${namespace}/db`, other);
      await expect(create({ name: 'db', ...decided(token) })).rejects.toThrow(refusal);
    }
    for (const age of [3 * MINUTE, -3 * MINUTE]) {
      await expect(create({ name: 'db', ...decided(tokenOf('db', age)) })).rejects.toThrow(refusal);
    }
    for (const time of ['', '@', '@now', '@2026-13-45T00:00:00Z', '@@']) {
      await expect(create({ name: 'db', ...decided(`${namespace}/db${time}`) })).rejects.toThrow(name);
    }
  });

  it('lets a decision through, also for a generated name', async () => {
    expect(decisionOf(await create({ name: 'db', ...decided(tokenOf('db')) }))).toBe('fresh');
    const generated = decisionToken({ namespace, name: '', generateName: 'scratch-' }, Date.now());
    expect(decisionOf(await create({ generateName: 'scratch-', ...decided(generated) }))).toBe('fresh');
  });

  it.each([
    [{}, { volumeName: 'pv-1' }],
    [{}, { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'nightly' } }],
    [{ labels: { 'app.kubernetes.io/created-by': 'volsync' } }, {}],
    [{ labels: { 'rebound.dev/role': 'prime' } }, {}],
  ])('what can not bind blank in place of a backup passes: %j %j', async (metadata, spec) => {
    await create({ name: 'db', ...metadata }, spec);
  });

  it('invariant 1: refuses the source of an exported manifest', async () => {
    const dataSourceRef = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'of-an-exported-manifest' };
    await expect(create({ name: 'db' }, { dataSourceRef })).rejects.toThrow(refusal);
  });

  it('invariant 6: unlabelled claims and system namespaces are not touched', async () => {
    const { spec } = claimManifest({});
    await createClaim(fixture.client, { metadata: { namespace, name: 'db' }, spec });
    await createClaim(fixture.client, claimManifest({ namespace: 'kube-system', name: 'db' }));
  });
});
