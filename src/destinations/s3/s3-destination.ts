import { withCircuitBreaker } from '../circuit-breaker.ts';
import type { Destination } from '../destination.ts';
import { createStoredDestination, type StoredDestinationOptions } from '../stored-destination.ts';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';
import type { S3Settings } from './settings.ts';

export type S3DestinationOptions = StoredDestinationOptions & Pick<S3StoreOptions, 'proxyEnvironment'>;

/**
 * Opens an S3 bucket, or a folder of one, as a destination. Nothing is sent yet. One instance keeps up to 64 connections:
 * make one per BackupDestination, and close it when its settings or its identity change.
 */
export const createS3Destination = (settings: S3Settings, options: S3DestinationOptions): Destination => {
  const { proxyEnvironment, ...others } = options;
  return createStoredDestination(withCircuitBreaker(createS3Store(settings, { proxyEnvironment })), others);
};
