import { randomBytes } from 'node:crypto';

import type { BackupPolicySpec } from '../../../src/api/backup-policy.ts';
import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, backupPolicies } from '../../../src/api/resource-kinds.ts';
import { readyCondition } from './conditions.ts';
import { NAMESPACE_PREFIX, type Workspace } from './workspace.ts';

export interface OwnTierOptions {
  readonly bucket?: string;
  /** By which Rebound and its movers reach the store; the cluster's if not given. */
  readonly endpoint?: string;
  readonly secretAccessKey?: string;
  readonly retention?: BackupPolicySpec['retention'];
  /** Whether claims of other tiers ask its destination too; false if not given, so that no other test waits for it. */
  readonly consulted?: boolean;
}

/** A tier with a destination of its own, for tests that break one: other tests don't notice. */
export interface OwnTier {
  /** Name of the policy, of the destination and of the Secret with its credentials. */
  readonly name: string;
  /** Folder of the destination in its bucket. */
  readonly prefix: string;
}

/** Makes a tier and its destination, a folder of the cluster's bucket if nothing else is said. They end with the test. */
export async function makeOwnTier(workspace: Workspace, options: OwnTierOptions = {}): Promise<OwnTier> {
  const { client, cluster } = workspace;
  const { s3 } = cluster.environment;
  const name = `${NAMESPACE_PREFIX}${randomBytes(4).toString('hex')}`;
  const shared = await client.get(backupDestinations, { name: 'default' });
  await client.create(secrets, {
    metadata: { namespace: SYSTEM_NAMESPACE, name },
    stringData: credentials(s3.accessKeyId, options.secretAccessKey ?? s3.secretAccessKey),
  });
  workspace.onEnd(() => client.delete(secrets, { namespace: SYSTEM_NAMESPACE, name }));
  await client.create(backupDestinations, {
    metadata: { name },
    spec: {
      s3: {
        bucket: options.bucket ?? s3.bucket,
        prefix: name,
        endpoint: options.endpoint ?? s3.endpoint,
        region: s3.region,
        credentialsSecretName: name,
      },
      repositoryPasswordSecretName: shared?.spec.repositoryPasswordSecretName,
      consulted: options.consulted ?? false,
    },
  });
  workspace.onEnd(() => client.delete(backupDestinations, { name }));
  await client.create(backupPolicies, {
    metadata: { name },
    spec: { schedule: { every: 'Day' }, destination: name, retention: options.retention },
  });
  workspace.onEnd(() => client.delete(backupPolicies, { name }));
  return { name, prefix: name };
}

const credentials = (accessKeyId: string, secretAccessKey: string) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

/** Changes the secret key in the credentials of a tier's destination. */
export async function setSecretKey(workspace: Workspace, { name }: OwnTier, secretAccessKey: string): Promise<void> {
  const { accessKeyId } = workspace.cluster.environment.s3;
  const ref = { namespace: SYSTEM_NAMESPACE, name };
  await workspace.client.mergePatch(secrets, ref, { stringData: credentials(accessKeyId, secretAccessKey) });
}

/** Waits until the tier's destination is ready, or is not, and returns the reason. */
export function untilDestination(workspace: Workspace, { name }: OwnTier, ready: boolean): Promise<string> {
  return workspace.eventually(`destination ${name} to be ${ready ? 'ready' : 'in trouble'}`, async () => {
    const destination = await workspace.client.get(backupDestinations, { name });
    const condition = readyCondition(destination?.status?.conditions);
    return condition?.status === (ready ? 'True' : 'False') ? condition.reason : undefined;
  });
}
