import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';

import { claimRecordKey, repositoryPath } from '../../src/destinations/layout.ts';
import type { S3Location } from '../cluster/provider.ts';
import type { DemoApplication } from './application.ts';

/**
 * Deletes the backups that a demo has left, so that the next one begins without. Rebound itself never deletes a
 * repository: this is for the demo's own data only.
 * @returns the number of objects deleted.
 */
export async function deleteDemoBackups(location: S3Location, apps: readonly DemoApplication[]): Promise<number> {
  const { endpoint, region, accessKeyId, secretAccessKey } = location;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    const prefixes = apps.flatMap(({ namespace, claimName: claim }) => [
      `${repositoryPath({ namespace, claim })}/`,
      claimRecordKey({ namespace, claim }),
    ]);
    let deleted = 0;
    for (const prefix of prefixes) deleted += await deletePrefix(client, location.bucket, prefix);
    return deleted;
  } finally {
    client.destroy();
  }
}

async function deletePrefix(client: S3Client, bucket: string, prefix: string): Promise<number> {
  let deleted = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    const objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    if (objects.length === 0) continue;
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }));
    deleted += objects.length;
  }
  return deleted;
}
