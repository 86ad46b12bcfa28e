import { SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import type { EngineName, Retention } from '../../src/api/backup-policy.ts';
import { nodes, secrets, storageClasses } from '../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../../src/api/resource-kinds.ts';
import type { ApiServer } from '#doubles/kube/api-server.ts';
import { IDENTITY } from '#doubles/destinations/destination-double.ts';

export const MASTER_PASSWORD = 'a master password of the simulator, 0123456789';

/** What an operator decides when a cluster is set up. */
export interface Furnishings {
  readonly retention?: Retention;
  readonly engine?: EngineName;
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
}

const encode = (data: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

/** What an operator puts into a new cluster: a destination with its Secrets, a tier and a storage class, on one node. */
export function furnish(
  server: ApiServer,
  { retention = { last: 3 }, engine = 'VolSync', volumeBindingMode = 'Immediate' }: Furnishings,
): void {
  const namespace = SYSTEM_NAMESPACE;
  server.create(nodes, { metadata: { name: 'node-1' } });
  const keys = encode({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
  server.create(secrets, { metadata: { namespace, name: 'keys' }, data: keys });
  const master = encode({ masterPassword: MASTER_PASSWORD });
  server.create(secrets, { metadata: { namespace, name: 'master' }, data: master });
  server.create(backupDestinations, {
    metadata: { name: 'default' },
    spec: {
      s3: { bucket: 'backups', endpoint: 'http://s3.example', credentialsSecretName: 'keys' },
      repositoryPasswordSecretName: 'master',
      identity: IDENTITY,
    },
  });
  server.create(backupPolicies, {
    metadata: { name: 'hourly' },
    spec: { schedule: { every: 'Hour' }, retention, engine },
  });
  server.create(storageClasses, { metadata: { name: 'fast' }, provisioner: 'csi.example', volumeBindingMode });
}
