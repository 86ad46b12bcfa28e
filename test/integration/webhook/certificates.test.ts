import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { covers, isIssuedBy, readCertificates, readCertifiedKey } from '../../../src/certificates/inspect.ts';
import { reconcileCertificates } from '../../../src/certificates/reconcile.ts';
import { AUTHORITY_SECRET, SERVING_SECRET } from '../../../src/certificates/secret-names.ts';
import {
  mutatingWebhookConfigurations,
  trustedAuthorities,
  WEBHOOK_CONFIGURATION,
} from '../../../src/certificates/webhook-configuration.ts';
import { type Fixture, quiet, startFixture } from '../kube/fixture.ts';
import { applyManifests, readManifests } from './manifests.ts';

const DAY = 24 * 60 * 60 * 1000;
const system = { namespace: 'rebound-system' };
const subject = { dnsNames: ['rebound-webhook.rebound-system.svc'] };

let fixture: Fixture;
let client: KubeClient;

beforeAll(async () => {
  fixture = await startFixture();
  ({ client } = fixture);
  await applyManifests(client, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: system.namespace } }]);
});
afterAll(() => fixture.stop());

const applyConfiguration = (): Promise<void> =>
  applyManifests(client, readManifests('manifests/webhook/mutating-webhook-configuration.yaml'));

describe('reconcileCertificates', () => {
  const now = Date.now();
  const reconcile = (at = now) => reconcileCertificates({ client, subject, logger: quiet, now: () => at });

  const secretText = async (name: string, key: string): Promise<string> => {
    const secret = await client.get(secrets, { ...system, name });
    return Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
  };

  async function state() {
    const configuration = await client.get(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION });
    return {
      authorities: readCertificates(await secretText(AUTHORITY_SECRET, 'ca.crt')),
      leaf: readCertifiedKey({
        certificatePem: await secretText(SERVING_SECRET, 'tls.crt'),
        privateKeyPem: await secretText(SERVING_SECRET, 'tls.key'),
      }),
      trusted: configuration === undefined ? [] : trustedAuthorities(configuration).flat(),
    };
  }

  /** What must be true at all times: the certificate is for our name, and API servers trust who signed it. */
  async function expectTrusted(): Promise<void> {
    const { leaf, trusted } = await state();
    if (leaf === undefined) throw new Error('there is no certificate');
    expect(covers(leaf, subject)).toBe(true);
    expect(trusted.some((authority) => isIssuedBy(leaf, authority))).toBe(true);
  }

  async function resourceVersions(): Promise<unknown[]> {
    const objects = await Promise.all([
      client.get(secrets, { ...system, name: AUTHORITY_SECRET }),
      client.get(secrets, { ...system, name: SERVING_SECRET }),
      client.get(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION }),
    ]);
    return objects.map((object) => object?.metadata.resourceVersion);
  }

  beforeEach(async () => {
    for (const name of [AUTHORITY_SECRET, SERVING_SECRET]) await client.delete(secrets, { ...system, name });
    await client.delete(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION });
    await applyConfiguration();
  });

  it('goes from nothing to a trusted certificate at once, and then writes nothing', async () => {
    const { nextMilliseconds } = await reconcile();
    await expectTrusted();
    expect(Math.round((nextMilliseconds - now) / DAY)).toBe(60);
    const before = await resourceVersions();
    await reconcile(now + 59 * DAY);
    expect(await resourceVersions()).toEqual(before);
  });

  it('makes a certificate before there is a webhook configuration, and publishes when there is one', async () => {
    await client.delete(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION });
    await reconcile();
    expect((await state()).leaf).toBeDefined();
    await applyConfiguration();
    await reconcile();
    await expectTrusted();
  });

  it('keeps a published authority when the shipped manifest is applied again', async () => {
    await reconcile();
    await applyConfiguration();
    await expectTrusted();
  });

  it('publishes again when somebody emptied the bundle', async () => {
    await reconcile();
    const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }] as const;
    await client.jsonPatch(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION }, patch);
    await reconcile();
    await expectTrusted();
  });

  it('renews the certificate after 60 days under the same authority', async () => {
    await reconcile();
    const before = await state();
    await reconcile(now + 61 * DAY);
    const after = await state();
    expect(after.authorities.map(String)).toEqual(before.authorities.map(String));
    expect(after.leaf?.serialNumber).not.toBe(before.leaf?.serialNumber);
    await expectTrusted();
  });

  it('trusts a new authority a minute before it serves a certificate of it, and the old one until it expires', async () => {
    await reconcile();
    const first = await state();
    for (let day = 60; day <= 240; day += 60) await reconcile(now + day * DAY);
    const at = now + 244 * DAY;
    await reconcile(at);
    const published = await state();
    expect(published.trusted).toHaveLength(2);
    expect(published.leaf !== undefined && isIssuedBy(published.leaf, first.authorities[0] ?? published.leaf)).toBe(
      true,
    );
    await expectTrusted();
    await reconcile(at + 61_000);
    await expectTrusted();
    const served = await state();
    expect(served.leaf !== undefined && isIssuedBy(served.leaf, first.authorities[0] ?? served.leaf)).toBe(false);
    expect(served.trusted).toHaveLength(2);
    await reconcile(now + 290 * DAY);
    await reconcile(now + 350 * DAY);
    await reconcile(now + 366 * DAY);
    expect((await state()).trusted).toHaveLength(1);
    await expectTrusted();
  });

  it.each([
    ['the certificate', [SERVING_SECRET]],
    ['the authority', [AUTHORITY_SECRET]],
    ['both', [SERVING_SECRET, AUTHORITY_SECRET]],
  ])('goes on when the Secret of %s was lost, and still trusts what replicas may serve', async (_, lost) => {
    await reconcile();
    const before = await state();
    for (const name of lost) await client.delete(secrets, { ...system, name });
    await reconcile();
    await expectTrusted();
    const { trusted } = await state();
    const { leaf } = before;
    expect(leaf !== undefined && trusted.some((authority) => isIssuedBy(leaf, authority))).toBe(true);
  });

  it('makes a new authority when the key of the old one is unreadable', async () => {
    await reconcile();
    const data = { 'ca.key': btoa('not a key') };
    await client.mergePatch(secrets, { ...system, name: AUTHORITY_SECRET }, { data });
    await reconcile();
    await expectTrusted();
    expect((await state()).authorities).toHaveLength(2);
  });

  it('ends in a trusted certificate when two leaders meet', async () => {
    await Promise.all([1, 2, 3].map(() => reconcile()));
    await reconcile();
    await expectTrusted();
  });
});
