import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { API_GROUP_VERSION, SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/native/control-plane.ts';
import { moduleSource } from '../../cluster/native/go-programs.ts';
import { poll } from '../../cluster/poll.ts';
import { type S3Server, startS3Server } from '../../integration/destinations/versitygw.ts';
import type { Cleanup } from '../cleanup.ts';
import { ApiLoad, creation } from './api-load.ts';

/** What all repository passwords in this world are derived from. */
export const masterPassword = 'bench-master-password-of-no-secrecy';

const projectFolder = join(import.meta.dirname, '..', '..', '..');
/** As many as the controller itself opens. */
const connections = 20;

/** A control plane of its own, without nodes, with the definitions that Rebound needs, and a store beside it. */
export interface BenchPlane {
  readonly plane: ControlPlane;
  readonly s3: S3Server;
  readonly api: ApiLoad;
}

const definition = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ plural: z.string() }),
    versions: z.tuple([z.looseObject({ name: z.string() })]).rest(z.looseObject({ name: z.string() })),
  }),
});
type Definition = z.infer<typeof definition>;

/** Starts everything; `cleanup` ends it. */
export async function startBenchPlane(cleanup: Cleanup): Promise<BenchPlane> {
  const plane = await startControlPlane();
  cleanup.add(() => plane.stop());
  const s3 = await startS3Server();
  cleanup.add(() => s3.remove());
  const api = new ApiLoad(plane.kubeconfigPath, connections);
  cleanup.add(() => api.close());
  for (const each of await definitions()) await define(api, each);
  await createDestination(api, s3);
  return { plane, s3, api };
}

/** Rebound's definitions, and VolSync's from the module that the local cluster is built from. */
async function definitions(): Promise<Definition[]> {
  const volSync = join(await moduleSource('volsync', 'github.com/backube/volsync'), 'config', 'crd', 'bases');
  const isDefinition = (name: string): boolean => /^(volsync\.backube|rebound\.dev)_.*\.yaml$/.test(name);
  return [join(projectFolder, 'manifests', 'crds'), volSync].flatMap((folder) =>
    readdirSync(folder)
      .filter(isDefinition)
      .flatMap((name) => loadAll(readFileSync(join(folder, name), 'utf8')))
      .map((document) => definition.parse(document)),
  );
}

async function define(api: ApiLoad, one: Definition): Promise<void> {
  await api.ask(creation('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', one));
  const { group, names, versions } = one.spec;
  const path = `/apis/${group}/${versions[0].name}/${names.plural}?limit=1`;
  await poll({ what: `${names.plural} to be served`, timeoutSeconds: 30, intervalMs: 50 }, async () => {
    await api.ask({ method: 'GET', path });
    return true;
  });
}

export const namespaceCreation = (name: string) => creation('/api/v1/namespaces', { metadata: { name } });

/** The namespace, Secrets, the destination `default` and the tier `hourly`, as an administrator makes them. */
async function createDestination(api: ApiLoad, s3: S3Server): Promise<void> {
  const { accessKeyId, secretAccessKey, bucket, endpoint, prefix } = s3.settings;
  mkdirSync(join(s3.folder, bucket, prefix), { recursive: true });
  const secret = (name: string, stringData: object) =>
    creation(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/secrets`, { metadata: { name }, stringData });
  await api.ask(namespaceCreation(SYSTEM_NAMESPACE));
  await api.ask(secret('store', { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }));
  await api.ask(secret('master', { masterPassword }));
  const spec = {
    s3: { bucket, endpoint, prefix, credentialsSecretName: 'store' },
    repositoryPasswordSecretName: 'master',
  };
  const destination = { apiVersion: API_GROUP_VERSION, kind: 'BackupDestination', metadata: { name: 'default' }, spec };
  await api.ask(creation(`/apis/${API_GROUP_VERSION}/backupdestinations`, destination));
  const tiers = readFileSync(join(projectFolder, 'manifests', 'tiers', 'tiers.yaml'), 'utf8');
  for (const tier of loadAll(tiers)) {
    await api.ask(creation(`/apis/${API_GROUP_VERSION}/backuppolicies`, z.looseObject({}).parse(tier)));
  }
}
