import type { S3Location } from '../cluster/provider.ts';

/** The master password of the local cluster. It stays the same, as a person's would: a new cluster reads old backups. */
const MASTER_PASSWORD = 'local-cluster-master-password-of-no-secrecy';

const secret = (name: string, stringData: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'rebound-system' },
  stringData,
});

/** The objects that a person writes after the installation: credentials, the master password, the destination. */
export function destinationObjects(s3: S3Location): readonly object[] {
  return [
    secret('rebound-s3', { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey }),
    secret('rebound-master', { masterPassword: MASTER_PASSWORD }),
    {
      apiVersion: 'rebound.dev/v1alpha1',
      kind: 'BackupDestination',
      metadata: { name: 'default' },
      spec: {
        s3: {
          bucket: s3.bucket,
          endpoint: s3.endpoint,
          region: s3.region,
          credentialsSecretName: 'rebound-s3',
        },
        repositoryPasswordSecretName: 'rebound-master',
      },
    },
  ];
}
