import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { events, persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import { type Fixture, startFixture } from '../kube/fixture.ts';
import { serviceAccountKubeconfig } from '../kube/service-account.ts';
import { applyManifests, type Manifest, readManifests } from '../webhook/manifests.ts';
import { type ControllerProcess, startController } from './controller-process.ts';

const present = readManifests('manifests/crds');
const rights = ['role.yaml', 'cluster-role.yaml', 'service-account.yaml'].flatMap((name) =>
  readManifests(`manifests/controller/${name}`),
);
const definitionRights = 'customresourcedefinitions';

/** The definitions as a release had them that did not know some fields yet. */
const outdated = present.map((definition): Manifest =>
  z
    .looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
    .parse(
      JSON.parse(JSON.stringify(definition), (key, value: unknown) =>
        ['clearedPrime', 'initializedTime'].includes(key) ? undefined : value,
      ),
    ),
);

let fixture: Fixture;
let folder: string;
let kubeconfigPath: string;
let controller: ControllerProcess;
let namespace: string;

beforeAll(async () => {
  fixture = await startFixture();
  const { client } = fixture;
  await applyManifests(client, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'rebound-system' } }]);
  await applyManifests(client, rights);
  folder = mkdtempSync(join(tmpdir(), 'rebound-controller-'));
  kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, await serviceAccountKubeconfig(fixture, 'rebound-controller'), { mode: 0o600 });
  return async () => {
    await fixture.stop();
    rmSync(folder, { recursive: true });
  };
});

beforeEach(async () => {
  namespace = await fixture.newNamespace();
  return async () => {
    await controller.stop();
  };
});

/** A claim that admission has told to wait for its restore. */
async function createWaitingClaim(): Promise<void> {
  await fixture.client.create(persistentVolumeClaims, {
    metadata: { name: 'data', namespace, labels: { backup: 'hourly' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      dataSourceRef: { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'data-1' },
    },
  });
}

async function createDestination(): Promise<void> {
  const s3 = { bucket: 'backups', endpoint: 'http://127.0.0.1:1', credentialsSecretName: 'none' };
  const spec = { s3, repositoryPasswordSecretName: 'none' };
  const { client } = fixture;
  await poll({ what: 'the kind to be served', timeoutSeconds: 30, intervalMs: 100 }, async () => {
    await client.apply(backupDestinations, { metadata: { name: 'default' }, spec });
    return true;
  });
}

const until = (what: string, look: () => Promise<boolean>): Promise<unknown> =>
  poll({ what, timeoutSeconds: 100, intervalMs: 100 }, look);

const untilReadinessSays = (words: string): Promise<unknown> =>
  until(`/readyz to say "${words}"`, async () => (await controller.readiness()).includes(words));

const toldOfClaim = async (): Promise<readonly string[]> =>
  (await fixture.client.list(events, { namespace }))
    .filter(({ involvedObject }) => involvedObject.kind === 'PersistentVolumeClaim')
    .map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);

const standing = async (): Promise<string> => {
  const destination = await fixture.client.get(backupDestinations, { name: 'default' });
  return destination?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? '';
};

it('invariant 10: begins nothing with definitions older than itself, says so, and goes on once they are there', async () => {
  await applyManifests(fixture.client, outdated);
  await createDestination();
  await createWaitingClaim();
  controller = await startController(kubeconfigPath);
  await untilReadinessSays('volumerestores.rebound.dev lacks status.clearedPrime');
  await until('the destination to say so', async () => (await standing()) === 'DefinitionsOutdated');
  await until('the claim to be told', async () => (await toldOfClaim()).length > 0);
  expect((await toldOfClaim()).join()).toMatch(/^RestoreHeld: The claim waits.*lacks.*kubectl apply -k manifests\//);
  expect(controller.log()).toContain('DefinitionsOutdated');
  expect(await fixture.client.list(volumeRestores)).toEqual([]);

  await applyManifests(fixture.client, present);
  await untilReadinessSays('ok definitions');
  await until('the controller to work', async () => !['', 'DefinitionsOutdated'].includes(await standing()));
});

it('invariant 2: does not take definitions that it may not read for good ones', async () => {
  await applyManifests(fixture.client, present);
  const role = rights.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'rebound-controller');
  if (role === undefined) throw new Error('there is no ClusterRole');
  await applyManifests(fixture.client, [
    {
      ...role,
      rules: z
        .array(z.looseObject({ resources: z.array(z.string()) }))
        .parse(role['rules'])
        .filter(({ resources }) => !resources.includes(definitionRights)),
    },
  ]);
  controller = await startController(kubeconfigPath);
  await untilReadinessSays('nobody knows whether the definitions');
  await applyManifests(fixture.client, [role]);
  await untilReadinessSays('ok definitions');
});
