import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

import { claimRecordKey, repositoryPath } from '../../../src/destinations/layout.ts';
import { type ClaimRecord, parseClaimRecord } from '../../../src/destinations/ledger.ts';
import type { S3Location } from '../../cluster/provider.ts';
import type { Workspace } from './workspace.ts';

/** What lies in the bucket, seen and changed behind Rebound's back. */
export class DestinationContents {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ endpoint, region, bucket, accessKeyId, secretAccessKey }: S3Location) {
    this.#bucket = bucket;
    this.#client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
  }

  /** All keys below a prefix. */
  keys(prefix: string): Promise<readonly string[]> {
    return this.keysIn(this.#bucket, prefix);
  }

  /** All keys of any bucket, below a prefix if given. */
  async keysIn(bucket: string, prefix = ''): Promise<readonly string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  }

  /** How many bytes lie below a prefix. */
  async sizeBytes(prefix: string): Promise<number> {
    let bytes = 0;
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }),
      );
      for (const { Size } of page.Contents ?? []) bytes += Size ?? 0;
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return bytes;
  }

  /** Deletes all below a prefix. */
  async deleteBelow(prefix: string): Promise<void> {
    const keys = await this.keys(prefix);
    for (let start = 0; start < keys.length; start += 500) {
      const Objects = keys.slice(start, start + 500).map((Key) => ({ Key }));
      await this.#client.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }));
    }
  }

  /** Copies all below one prefix to another. */
  async copy(from: string, to: string): Promise<void> {
    for (const key of await this.keys(from)) {
      const Key = to + key.slice(from.length);
      await this.#client.send(
        new CopyObjectCommand({ Bucket: this.#bucket, CopySource: `${this.#bucket}/${key}`, Key }),
      );
    }
  }

  async createBucket(name: string): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: name }));
  }

  /** Deletes an empty bucket. */
  async deleteBucket(name: string): Promise<void> {
    await this.#client.send(new DeleteBucketCommand({ Bucket: name }));
  }

  async put(key: string, body: string | Uint8Array): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body }));
  }

  async text(key: string): Promise<string> {
    const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    return (await object.Body?.transformToString()) ?? '';
  }

  /** Ids of the snapshots in a claim's repository. */
  async snapshotIds({ namespace }: Pick<Workspace, 'namespace'>, claim: string): Promise<readonly string[]> {
    const folder = `${repositoryPath({ namespace, claim })}/snapshots/`;
    return (await this.keys(folder)).map((key) => key.slice(folder.length));
  }

  /** A claim's ledger record. @throws Error when there is none, or none that can be read. */
  async ledger({ namespace }: Pick<Workspace, 'namespace'>, claim: string): Promise<ClaimRecord> {
    const key = { namespace, claim };
    const record = parseClaimRecord(key, new TextEncoder().encode(await this.text(claimRecordKey(key))));
    if (!record.ok) throw new Error(record.message);
    return record.value;
  }

  close(): void {
    this.#client.destroy();
  }
}
