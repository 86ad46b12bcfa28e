import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Destination } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import type { DesiredObject } from '../../../src/kube/model/kind.ts';
import { type PersistentVolumeClaim, persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { reconcileCertificates } from '../../../src/certificates/reconcile.ts';
import { poll } from '../../cluster/poll.ts';
import { initializedDestination } from '../destinations/initialized-destination.ts';
import { type S3Server, startS3Server } from '../destinations/versitygw.ts';
import { type Fixture, quiet, startFixture } from '../kube/fixture.ts';
import { serviceAccountKubeconfig } from '../kube/service-account.ts';
import { applyManifests, type Manifest, readManifests } from './manifests.ts';
import { startWebhook, type WebhookProcess, type WebhookProcessOptions } from './webhook-process.ts';

/** An API server with Rebound's own manifests, an S3 server, and the webhook beside them. */
export interface WebhookFixture extends Fixture {
  readonly s3: S3Server;
  /** The store as the webhook sees it. */
  readonly store: Destination;
  readonly identity: string;
  /** Starts a replica with the webhook's own rights, which ends with the fixture. It is not ready yet. */
  readonly launchWebhook: (options?: Omit<WebhookProcessOptions, 'kubeconfigPath'>) => WebhookProcess;
  /** The same, and waits until it is ready. */
  readonly startWebhook: (options?: Omit<WebhookProcessOptions, 'kubeconfigPath'>) => Promise<WebhookProcess>;
  /** Makes the API server call this port, with the webhook configuration that the project ships. */
  readonly sendClaimsTo: (port: number) => Promise<void>;
  /** Takes the webhook configuration away. */
  readonly sendClaimsNowhere: () => Promise<void>;
  /** Lets the built-in rotation go as far as it can. */
  readonly reconcileCertificates: (now?: number) => Promise<void>;
  /** Puts a snapshot of a claim into the store. */
  readonly putBackup: (namespace: string, claim: string) => Promise<void>;
  readonly applyDestination: (changes?: object, name?: string) => Promise<void>;
  readonly applyCredentials: (changes?: Readonly<Record<string, string>>) => Promise<void>;
}

export const limits = { timeoutMilliseconds: 5_000 };
export const certificateSubject = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };

/** Starts everything but the webhook itself. */
export async function startWebhookFixture(): Promise<WebhookFixture> {
  const [base, s3] = await Promise.all([startFixture(), startS3Server()]);
  const { client } = base;
  const identity = newDestinationIdentity(randomUUID(), new Date());
  const store = await initializedDestination(s3.settings, identity);
  const applyDestination = (changes: object = {}, name = 'default') =>
    applyManifests(client, [destinationManifest(s3, identity.id, { name, changes })]);
  const applyCredentials = (changes: Readonly<Record<string, string>> = {}) =>
    applyManifests(client, [credentials(s3, changes)]);
  await install(client, base.connect({ fieldManager: 'person' }).client);
  await applyCredentials();
  await applyDestination();
  const folder = mkdtempSync(join(tmpdir(), 'rebound-webhook-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, await serviceAccountKubeconfig(base, 'rebound-webhook'), { mode: 0o600 });
  const replicas: WebhookProcess[] = [];
  const launchWebhook: WebhookFixture['launchWebhook'] = (options = {}) => {
    const replica = startWebhook({ ...options, kubeconfigPath });
    replicas.push(replica);
    return replica;
  };
  return {
    ...base,
    s3,
    store,
    identity: identity.id,
    launchWebhook,
    startWebhook: async (options) => {
      const replica = launchWebhook(options);
      await replica.waitUntilReady();
      return replica;
    },
    sendClaimsTo: (port) => sendClaimsTo(client, port),
    sendClaimsNowhere: async () => {
      await client.raw({ method: 'DELETE', path: CONFIGURATIONS_PATH });
    },
    reconcileCertificates: async (now = Date.now()) => {
      await reconcileCertificates({ client, subject: certificateSubject, logger: quiet, now: () => now });
    },
    putBackup: async (namespace, claim) => {
      const key = `${namespace}/${claim}/snapshots/${randomBytes(32).toString('hex')}`;
      const written = await store.write(key, Buffer.from('a snapshot'), limits);
      if (!written.ok) throw new Error(written.message);
    },
    applyDestination,
    applyCredentials,
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await Promise.all([store.close(), s3.remove()]);
      await base.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CONFIGURATIONS_PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/rebound-webhook';

/** What the project's manifests hold that admission needs, and the two shipped tiers in short, as a person applies them. */
async function install(client: KubeClient, person: KubeClient): Promise<void> {
  await applyManifests(client, readManifests('manifests/crds'));
  for (const name of ['rebound-system', 'volsync-system']) {
    await applyManifests(client, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]);
  }
  await poll({ what: 'the kinds to be served', timeoutSeconds: 30 }, async () => {
    await client.raw({ method: 'GET', path: '/apis/rebound.dev/v1alpha1/backuppolicies' });
    return true;
  });
  const shipped = readManifests('manifests/webhook').filter(
    ({ kind }) => kind !== 'MutatingWebhookConfiguration' && kind !== 'Service',
  );
  await applyManifests(
    client,
    shipped.filter(({ kind }) => kind !== 'Deployment' && kind !== 'PodDisruptionBudget'),
  );
  await applyManifests(
    person,
    ['hourly', 'daily'].map((name) => policyManifest(name)),
  );
}

export const policyManifest = (name: string, spec: object = {}): Manifest => ({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'BackupPolicy',
  metadata: { name },
  spec: { schedule: { every: 'Hour' }, ...spec },
});

interface DestinationOptions {
  readonly name: string;
  /** Fields of spec.s3. */
  readonly changes: object;
}

const destinationManifest = ({ settings }: S3Server, identity: string, options: DestinationOptions): Manifest => {
  const { endpoint, bucket, prefix } = settings;
  return {
    apiVersion: 'rebound.dev/v1alpha1',
    kind: 'BackupDestination',
    metadata: { name: options.name },
    spec: {
      s3: { endpoint, bucket, prefix, credentialsSecretName: 'store-keys', ...options.changes },
      repositoryPasswordSecretName: 'master-password',
      identity,
    },
  };
};

const credentials = ({ settings }: S3Server, changes: Readonly<Record<string, string>>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'rebound-system', name: 'store-keys' },
  stringData: {
    AWS_ACCESS_KEY_ID: settings.accessKeyId,
    AWS_SECRET_ACCESS_KEY: settings.secretAccessKey,
    ...changes,
  },
});

const webhookConfiguration = z.looseObject({
  webhooks: z.array(z.looseObject({ clientConfig: z.looseObject({}) })),
});

/** The API server of the tests runs outside of any pod network: it calls an address instead of a Service. */
async function sendClaimsTo(client: KubeClient, port: number): Promise<void> {
  const manifest = readManifests('manifests/webhook/mutating-webhook-configuration.yaml')[0];
  if (manifest === undefined) throw new Error('there is no webhook configuration');
  const clientConfig = { url: `https://127.0.0.1:${port}/mutate` };
  const webhooks = webhookConfiguration.parse(manifest).webhooks.map((webhook) => ({ ...webhook, clientConfig }));
  await applyManifests(client, [{ ...manifest, webhooks }]);
}

/** A claim as a user writes it. */
export type ClaimManifest = DesiredObject;

const emptyClaim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/** A labelled claim. */
export const claimManifest = (metadata: ClaimManifest['metadata'], spec: object = {}): ClaimManifest => ({
  metadata: { ...metadata, labels: { backup: 'hourly', ...metadata.labels } },
  spec: { ...emptyClaim, ...spec },
});

export const createClaim = (client: KubeClient, claim: ClaimManifest, dryRun = false): Promise<PersistentVolumeClaim> =>
  client.create(persistentVolumeClaims, claim, { dryRun });

/** What a claim was decided. */
export const decisionOf = (claim: PersistentVolumeClaim): string | undefined =>
  claim.metadata.annotations?.['rebound.dev/decision'];
