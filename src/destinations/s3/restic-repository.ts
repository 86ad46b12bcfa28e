import { endpointOf } from './addressing.ts';
import type { S3Settings } from './settings.ts';

/**
 * The `RESTIC_REPOSITORY` of a repository in this destination, `s3:https://host[:port]/bucket/prefix/namespace/claim`
 * (https://restic.readthedocs.io, "Preparing a new repository", S3-compatible storage).
 * @param repositoryPath relative to the destination's prefix.
 */
export const resticRepositoryUrl = (
  settings: Pick<S3Settings, 'endpoint' | 'region' | 'bucket' | 'prefix'>,
  repositoryPath: string,
): string => {
  const folder = settings.prefix === '' ? '' : `${settings.prefix}/`;
  return `s3:${endpointOf(settings)}/${settings.bucket}/${folder}${repositoryPath}`;
};

/** The environment entries by which restic reaches the bucket, as VolSync's Secret takes them. They are credentials. */
export const resticEnvironment = (
  settings: Pick<S3Settings, 'region' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>,
): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: settings.accessKeyId,
  AWS_SECRET_ACCESS_KEY: settings.secretAccessKey,
  AWS_DEFAULT_REGION: settings.region,
  ...(settings.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: settings.sessionToken }),
});
