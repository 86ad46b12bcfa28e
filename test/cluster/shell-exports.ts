import type { ClusterEnvironment } from './provider.ts';

/** One shell word, whatever it holds. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** The environment's variables by name; programs and tests started from here find the cluster by them. */
export function environmentVariables(environment: ClusterEnvironment): Record<string, string> {
  const { kubeconfigPath, s3 } = environment;
  return {
    KUBECONFIG: kubeconfigPath,
    REBOUND_S3_ENDPOINT: s3.endpoint,
    REBOUND_S3_REGION: s3.region,
    REBOUND_S3_BUCKET: s3.bucket,
    REBOUND_S3_ACCESS_KEY_ID: s3.accessKeyId,
    REBOUND_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}

/** Lines for `eval` in a shell. */
export function shellExports(environment: ClusterEnvironment): string {
  const exports = Object.entries(environmentVariables(environment)).map(
    ([name, value]) => `export ${name}=${quote(value)}`,
  );
  return [...exports, `export PATH=${quote(environment.binFolder)}:"$PATH"`].join('\n');
}
