import { isIP } from 'node:net';
import type { S3Settings } from './settings.ts';

/** Where requests for a bucket go: the origin to connect to, and the path that stands for the bucket, `` or `/bucket`. */
export type BucketAddress = { readonly origin: string; readonly host: string; readonly bucketPath: string };

type AddressSettings = Pick<S3Settings, 'endpoint' | 'region' | 'bucket' | 'forcePathStyle'>;

// https://docs.aws.amazon.com/general/latest/gr/s3.html: the China partition has a domain of its own.
const awsEndpoint = (region: string): string =>
  `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** The endpoint that requests go to: the one that was set, else that of AWS for the region. */
export const endpointOf = (settings: Pick<S3Settings, 'endpoint' | 'region'>): string =>
  new URL(settings.endpoint ?? awsEndpoint(settings.region)).origin;

/**
 * Resolves a bucket's address, path-style or virtual-host style. An address without a name has no subdomains, and no
 * wildcard certificate covers a dotted bucket's host name: there the bucket is in the path whatever the settings say.
 */
export const bucketAddress = (settings: AddressSettings): BucketAddress => {
  const url = new URL(endpointOf(settings));
  const isAddress = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
  const needsPath = isAddress || (url.protocol === 'https:' && settings.bucket.includes('.'));
  if (settings.forcePathStyle || needsPath) {
    return { origin: url.origin, host: url.host, bucketPath: `/${settings.bucket}` };
  }
  const host = `${settings.bucket}.${url.host}`;
  return { origin: `${url.protocol}//${host}`, host, bucketPath: '' };
};
