import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { S3Location } from '../provider.ts';
import { s3Bucket, s3Credentials, s3Region } from '../s3.ts';
import type { ClusterFolders } from './layout.ts';
import { network, ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

export function s3Location(folders: ClusterFolders): S3Location {
  const endpoint = `http://${network.gateway}:${ports.s3}`;
  return { endpoint, region: s3Region, bucket: s3Bucket, ...s3Credentials(folders.s3) };
}

const dataFolder = (folders: ClusterFolders): string => join(folders.s3, 'data');

/** The file that holds an object; its modification time is what S3 calls the object's. */
export const s3ObjectPath = (folders: ClusterFolders, key: string): string => join(dataFolder(folders), s3Bucket, key);

export function s3ServerSpec(folders: ClusterFolders, versitygw: string): ProcessSpec {
  const keys = s3Credentials(folders.s3);
  const [data, metadata] = [dataFolder(folders), join(folders.s3, 'metadata')];
  for (const folder of [data, metadata]) mkdirSync(folder, { recursive: true });
  // Other S3 servers keep connections open without being asked to.
  const serving = ['--quiet', '--keep-alive', '--port', `${network.gateway}:${ports.s3}`];
  return {
    name: 's3',
    command: [versitygw, ...serving, 'posix', '--sidecar', metadata, data],
    env: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey, GOGC: '50' },
  };
}
