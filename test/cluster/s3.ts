import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';

import type { S3Location } from './provider.ts';

export const s3Bucket = 'rebound';
export const s3Region = 'us-east-1';

const credentialsSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });
export type S3Credentials = z.infer<typeof credentialsSchema>;

function newCredentials(): S3Credentials {
  return {
    accessKeyId: `REBOUND${randomBytes(6).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

/** Reads the S3 server's keys from a folder, and makes them at the first call. They live with the data and outlast the cluster. */
export function s3Credentials(folder: string): S3Credentials {
  const path = join(folder, 'credentials.json');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.partial`, JSON.stringify(newCredentials()), { mode: 0o600 });
    renameSync(`${path}.partial`, path);
  }
  return credentialsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** True once the server answers and the bucket is there; makes the bucket. @throws while the server does not answer. */
export async function ensureBucket({ endpoint, region, bucket, ...credentials }: S3Location): Promise<true> {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NotFound') throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
  return true;
}
