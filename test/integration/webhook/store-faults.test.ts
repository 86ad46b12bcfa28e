import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimRecordKey } from '../../../src/destinations/layout.ts';
import { type ClaimRecord, writeLedger } from '../../../src/destinations/ledger.ts';
import { type PersistentVolumeClaim, secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../../../src/api/resource-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import {
  claimManifest,
  createClaim,
  decisionOf,
  limits,
  policyManifest,
  startWebhookFixture,
  type WebhookFixture,
} from './fixture.ts';
import { applyManifests, deleteManifests, readManifests } from './manifests.ts';
import type { WebhookProcess } from './webhook-process.ts';

let fixture: WebhookFixture;
let webhook: WebhookProcess;
let namespace: string;
let isKilled = false;

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
afterEach(async () => {
  fixture.s3.resume();
  if (isKilled) await fixture.s3.start();
  isKilled = false;
  await fixture.applyCredentials();
  await fixture.applyDestination();
  await untilDecided('fresh');
});
afterAll(() => fixture.stop());

const create = (name: string, labels: Readonly<Record<string, string>> = {}): Promise<PersistentVolumeClaim> =>
  createClaim(fixture.client, claimManifest({ namespace, name, labels }));

const reasonOf = (claim: PersistentVolumeClaim): string =>
  claim.metadata.annotations?.['rebound.dev/decision-reason'] ?? '';

/** The webhook learns of a change a moment after it was made. */
async function untilDecided(decision: string, reason = ''): Promise<PersistentVolumeClaim> {
  return poll({ what: `the decision ${decision} ${reason}`, timeoutSeconds: 60 }, async () => {
    const claim = await createClaim(fixture.client, claimManifest({ namespace, name: 'look' }), true);
    return decisionOf(claim) === decision && reasonOf(claim).includes(reason) && claim;
  });
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly milliseconds: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, milliseconds: performance.now() - startedAt };
}

async function killStore(): Promise<void> {
  await fixture.s3.kill();
  isKilled = true;
}

/** Held, with a reference, and said why. */
function expectHeld(claim: PersistentVolumeClaim, reason: RegExp): void {
  expect(decisionOf(claim)).toBe('hold');
  expect(claim.spec.dataSourceRef).toMatchObject({ apiGroup: 'rebound.dev', kind: 'VolumeRestore' });
  expect(reasonOf(claim)).toMatch(reason);
  expect(JSON.stringify(claim)).not.toContain(fixture.s3.settings.secretAccessKey);
}

describe('invariant 2: a claim waits', () => {
  it('when the store is down, and goes on deciding when it is back, and the webhook stays ready', async () => {
    await create('before');
    await killStore();
    const { result, milliseconds } = await timed(() => create('db'));
    expectHeld(result, /Unreachable/);
    expect(milliseconds).toBeLessThan(3_000);
    expect(await webhook.isReady()).toBe(true);
    await fixture.s3.start();
    isKilled = false;
    expect(decisionOf(await create('after'))).toBe('fresh');
  });

  it('no longer than the budget when the store hangs', async () => {
    await create('before');
    fixture.s3.pause();
    for (const name of ['db', 'db-2', 'db-3']) {
      const { result, milliseconds } = await timed(() => create(name));
      expectHeld(result, /Timeout/);
      expect(milliseconds).toBeGreaterThan(1_900);
      expect(milliseconds).toBeLessThan(2_500);
    }
    const together = await timed(() => Promise.all(Array.from({ length: 15 }, (_, index) => create(`many-${index}`))));
    expect(together.result.map(decisionOf)).toEqual(together.result.map(() => 'hold'));
    expect(together.milliseconds).toBeLessThan(3_500);
    fixture.s3.resume();
    // A store that was silent is asked again after a moment.
    await untilDecided('fresh');
  });

  it('when the key is wrong, until it is right, without a restart', async () => {
    await fixture.applyCredentials({ AWS_SECRET_ACCESS_KEY: 'wrong' });
    await untilDecided('hold');
    expectHeld(await create('db'), /WrongCredentials/);
    await fixture.applyCredentials();
    await untilDecided('fresh');
  });

  it('when the bucket is wrong', async () => {
    await fixture.applyDestination({ bucket: 'no-such-bucket' });
    await untilDecided('hold');
    expectHeld(await create('db'), /NoSuchBucket/);
  });

  it('when the store was emptied', async () => {
    await fixture.store.verifyIdentity(limits);
    rmSync(join(fixture.s3.folder, 'backups', fixture.s3.settings.prefix), { recursive: true });
    await untilDecided('hold', 'IdentityMissing');
    expectHeld(await create('db'), /emptied/);
    const identity = { version: 1, id: fixture.identity, createdAt: '2030-01-01T00:00:00Z' } as const;
    await fixture.store.initialize(identity, limits);
  });

  it('when the prefix is that of another destination', async () => {
    await fixture.applyDestination({ prefix: 'clusters/two' });
    await untilDecided('hold');
    expectHeld(await create('db'), /IdentityMissing/);
  });

  it('when the Secret, a key of it or the destination is missing, and says which', async () => {
    await fixture.client.delete(secrets, { namespace: 'rebound-system', name: 'store-keys' });
    await untilDecided('hold', 'Secret rebound-system/store-keys');
    await fixture.applyCredentials({ AWS_SECRET_ACCESS_KEY: '' });
    await untilDecided('hold', 'has no key AWS_SECRET_ACCESS_KEY');
    await fixture.client.delete(backupDestinations, { name: 'default' });
    await untilDecided('hold', 'BackupDestination "default" does not exist');
    expectHeld(await create('db'), /BackupDestination "default" does not exist/);
  });

  it('when the destination is of a type that is not supported, or of an identity not known yet', async () => {
    await applyManifests(fixture.client, [
      policyManifest('tape', { destination: 'tape' }),
      policyManifest('young', { destination: 'young' }),
      {
        apiVersion: 'rebound.dev/v1alpha1',
        kind: 'BackupDestination',
        metadata: { name: 'tape' },
        spec: { nfs: { server: 'nas', path: '/backups' }, repositoryPasswordSecretName: 'master-password' },
      },
    ]);
    const { endpoint, bucket } = fixture.s3.settings;
    const s3 = { endpoint, bucket, credentialsSecretName: 'store-keys' };
    const young = { apiVersion: 'rebound.dev/v1alpha1', kind: 'BackupDestination', metadata: { name: 'young' } };
    await applyManifests(fixture.client, [{ ...young, spec: { s3, repositoryPasswordSecretName: 'master-password' } }]);
    await poll({ what: 'the new tiers', timeoutSeconds: 10 }, async () => create('first', { backup: 'young' }));
    expectHeld(await create('db', { backup: 'tape' }), /not of type s3/);
    expectHeld(await create('db-2', { backup: 'young' }), /NotInitialized/);
    for (const name of ['tape', 'young']) await fixture.client.delete(backupPolicies, { name });
  });

  it('when the ledger remembers a backup that the repository does not hold', async () => {
    const record: ClaimRecord = {
      version: 1,
      namespace,
      claim: 'db',
      claimUid: 'u',
      policy: 'hourly',
      lastGoodBackup: {
        snapshotId: 'ab'.repeat(32),
        time: '2030-01-01T00:00:00Z',
        sizeBytes: 1,
        files: 1,
        directories: 1,
      },
      recordedAt: '2030-01-01T00:00:00Z',
    };
    expect(await writeLedger(fixture.store, record, limits)).toMatchObject({ ok: true });
    expectHeld(await create('db'), /ledger remembers snapshot abababab/);
    await fixture.store.write(claimRecordKey({ namespace, claim: 'db-2' }), Buffer.from('{'), limits);
    expectHeld(await create('db-2'), /InvalidRecord/);
  });

  it('when the restore of a backup that was seen is asked for while the store is down', async () => {
    await fixture.putBackup(namespace, 'db');
    expect(decisionOf(await createClaim(fixture.client, claimManifest({ namespace, name: 'db' }), true))).toBe(
      'restore',
    );
    await killStore();
    expectHeld(await create('db'), /Unreachable/);
  });
});

describe('without what it decides from', () => {
  const rights = readManifests('manifests/webhook/roles.yaml').filter(({ kind }) => kind === 'ClusterRoleBinding');

  async function dryRun() {
    const { statusCode, headers, body } = await fixture.connection.send({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/persistentvolumeclaims?dryRun=All`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...claimManifest({ namespace, name: 'db' }),
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
      }),
      signal: AbortSignal.timeout(10_000),
    });
    await body.dump();
    return { statusCode, retryAfter: headers['retry-after'] };
  }

  it('is not ready before it has read the tiers, and asks to try again', async () => {
    await deleteManifests(fixture.client, rights);
    const blind = fixture.launchWebhook({ name: 'blind' });
    await poll({ what: 'the webhook to serve', timeoutSeconds: 30 }, async () => blind.port() !== 0);
    expect(await blind.isReady()).toBe(false);
    expect(await blind.readiness()).toContain(
      'not ok copies: not read from the API server yet: backuppolicies, backupdestinations',
    );
    await fixture.sendClaimsTo(blind.port());
    const denied = await poll({ what: 'the webhook to be asked', timeoutSeconds: 30 }, async () => {
      const answer = await dryRun();
      return answer.statusCode !== 201 && answer;
    });
    expect(denied).toEqual({ statusCode: 503, retryAfter: '2' });
    await applyManifests(fixture.client, rights);
    await poll({ what: 'the webhook to be ready', timeoutSeconds: 60 }, () => blind.isReady());
    await poll({ what: 'a claim to be admitted', timeoutSeconds: 30 }, async () => (await dryRun()).statusCode === 201);
    await fixture.sendClaimsTo(webhook.port());
  });
});
