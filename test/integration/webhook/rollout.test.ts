import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { isIssuedBy, readCertificates } from '../../../src/certificates/inspect.ts';
import { AUTHORITY_SECRET, SERVING_SECRET } from '../../../src/certificates/secret-names.ts';
import { poll } from '../../cluster/poll.ts';
import { decisionOf, startWebhookFixture, type WebhookFixture } from './fixture.ts';
import { type Load, startLoad } from './load.ts';
import { applyManifests, readManifests } from './manifests.ts';
import { type Service, startService } from './service.ts';

const DAY = 24 * 60 * 60 * 1000;
const ENDPOINT_LAG_MILLISECONDS = 1_000;
const drain = { drainSeconds: 4 };

let fixture: WebhookFixture;
let service: Service;
let clients: KubeClient[];

beforeAll(async () => {
  fixture = await startWebhookFixture();
  service = await startService(ENDPOINT_LAG_MILLISECONDS);
  clients = [0, 1].map(() => fixture.connect().client);
  // An authority that is due for renewal and a certificate that is not, as after eight months of service.
  await fixture.reconcileCertificates(Date.now() - 250 * DAY);
  await fixture.reconcileCertificates(Date.now() - 50 * DAY);
  service.add(await fixture.startWebhook({ name: 'webhook-0', ...drain }));
  await fixture.sendClaimsTo(service.port);
  await fixture.reconcileCertificates(Date.now() - 50 * DAY);
  await applyManifests(fixture.client, readManifests('policies/no-undecided-claims.yaml'));
});
afterAll(async () => {
  await service.stop();
  await fixture.stop();
});

async function underLoad(work: (load: Load) => Promise<void>, pauseMilliseconds?: number): Promise<void> {
  const namespace = await fixture.newNamespace();
  const load = startLoad({
    clients,
    namespace,
    concurrency: 20,
    ...(pauseMilliseconds === undefined ? {} : { pauseMilliseconds }),
  });
  await createdMore(load, 100);
  await work(load);
  await createdMore(load, 100);
  const claims = await load.stop();
  expect(load.failures).toEqual([]);
  expect(new Set(claims.map(decisionOf))).toEqual(new Set(['fresh']));
}

async function createdMore(load: Load, count: number): Promise<void> {
  const target = load.created() + count;
  await poll({ what: `${count} more claims`, timeoutSeconds: 60 }, async () => load.created() >= target);
}

const certificatesOf = async (name: string, key: string) => {
  const secret = await fixture.client.get(secrets, { namespace: 'rebound-system', name });
  return readCertificates(Buffer.from(secret?.data?.[key] ?? '', 'base64').toString());
};

const servedSerial = (): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: service.port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe('without a failed create', () => {
  it('a new authority and a new certificate come into use', async () => {
    const [oldAuthority] = await certificatesOf(AUTHORITY_SECRET, 'ca.crt');
    const [oldLeaf] = await certificatesOf(SERVING_SECRET, 'tls.crt');
    await underLoad(async (load) => {
      await fixture.reconcileCertificates(Date.now() - 61_000);
      const [published] = await certificatesOf(AUTHORITY_SECRET, 'ca.crt');
      expect(published?.serialNumber).not.toBe(oldAuthority?.serialNumber);
      expect(await servedSerial()).toBe(oldLeaf?.serialNumber);
      await createdMore(load, 100);
      await fixture.reconcileCertificates();
      const [leaf] = await certificatesOf(SERVING_SECRET, 'tls.crt');
      if (leaf === undefined || published === undefined) throw new Error('a certificate is missing');
      expect(isIssuedBy(leaf, published)).toBe(true);
      await poll({ what: 'the new certificate to be served', timeoutSeconds: 10 }, async () => {
        return (await servedSerial()) === leaf.serialNumber;
      });
    });
    expect(await certificatesOf(AUTHORITY_SECRET, 'ca.crt')).toHaveLength(2);
  });

  it.each([
    ['under steady load', undefined],
    ['while connections fall idle', 1_500],
  ])('two replicas are replaced one after the other, %s', async (_, pauseMilliseconds) => {
    const replicas = await Promise.all(['a', 'b'].map((name) => fixture.startWebhook({ name, ...drain })));
    for (const replica of replicas) service.add(replica);
    await underLoad(async (load) => {
      for (const old of replicas) {
        const replacement = await fixture.startWebhook({ name: 'replacement', ...drain });
        service.add(replacement);
        await createdMore(load, 50);
        expect(await old.stop()).toBe(0);
        service.remove(old);
        await createdMore(load, 50);
      }
    }, pauseMilliseconds);
  });
});
