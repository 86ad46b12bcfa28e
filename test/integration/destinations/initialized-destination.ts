import type { Destination } from '../../../src/destinations/destination.ts';
import { type DestinationIdentity, newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import type { S3Settings } from '../../../src/destinations/s3/settings.ts';

const someIdentity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));

/** Gives an empty store its identity, and opens it as the destination that is expected to have it. */
export const initializedDestination = async (
  settings: S3Settings,
  identity: DestinationIdentity = someIdentity,
): Promise<Destination> => {
  const fresh = createS3Destination(settings, { expectedIdentity: undefined });
  await fresh.initialize(identity, { timeoutMilliseconds: 30_000 });
  await fresh.close();
  return createS3Destination(settings, { expectedIdentity: identity.id });
};
