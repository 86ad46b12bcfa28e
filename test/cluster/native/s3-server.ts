import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { S3Location } from '../provider.ts';
import { s3Bucket, s3Credentials, s3Region } from '../s3.ts';
import type { ClusterLayout } from './layout.ts';
import { ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

/** Where a cluster's store is; a second cluster has the first one's. */
export function s3Location(layout: ClusterLayout): S3Location {
  const { network, s3 } = layout.second?.first ?? layout;
  const endpoint = `http://${network.gateway}:${ports.s3}`;
  return { endpoint, region: s3Region, bucket: s3Bucket, ...s3Credentials(s3) };
}

const dataFolder = ({ s3 }: ClusterLayout): string => join(s3, 'data');

/** The file that holds an object; its modification time is what S3 calls the object's. */
export const s3ObjectPath = (layout: ClusterLayout, key: string): string => join(dataFolder(layout), s3Bucket, key);

export function s3ServerSpec(layout: ClusterLayout, versitygw: string): ProcessSpec {
  const keys = s3Credentials(layout.s3);
  const [data, metadata] = [dataFolder(layout), join(layout.s3, 'metadata')];
  for (const folder of [data, metadata]) mkdirSync(folder, { recursive: true });
  // Other S3 servers keep connections open without being asked to.
  const serving = ['--quiet', '--keep-alive', '--port', `${layout.network.gateway}:${ports.s3}`];
  return {
    name: 's3',
    command: [versitygw, ...serving, 'posix', '--sidecar', metadata, data],
    env: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey, GOGC: '50' },
  };
}
