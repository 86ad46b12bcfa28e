import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Destination } from '../destinations/destination.ts';
import { createS3Destination } from '../destinations/s3/s3-destination.ts';
import { s3Settings } from '../destinations/s3/settings.ts';
import { createRepositoryCache } from '../repositories/restic/repository-cache.ts';
import type { RepositoryAccess } from '../repositories/restic/open-repository.ts';

/** Where a repository is: what a mover's Secret says beside passwords and keys. */
const place = z.object({
  identity: z.string().min(1),
  repositoryPath: z.string().regex(/^[^/]+\/[^/]+$/),
  store: z.looseObject({ type: z.literal('s3') }),
});

const credentials = z.object({
  RESTIC_PASSWORD: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_SESSION_TOKEN: z.string().optional(),
  REBOUND_REPOSITORY: z.string(),
  RESTIC_CACERT: z.string().optional(),
});

/** A repository that a mover works on. */
export interface MoverRepository {
  readonly access: RepositoryAccess;
  readonly destination: Destination;
}

/**
 * Opens the repository that the environment and the mounted Secret name; nothing is sent yet.
 *
 * @throws when something is missing or malformed; the message holds no secret.
 */
export function openMoverRepository(environment: NodeJS.ProcessEnv): MoverRepository {
  const given = credentials.safeParse(environment);
  if (!given.success) throw new Error(`the mover's settings can't be used: ${z.prettifyError(given.error)}`);
  const { RESTIC_PASSWORD: password, REBOUND_REPOSITORY: file, RESTIC_CACERT: caFile } = given.data;
  const read = place.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success) throw new Error(`${file} can't be used: ${z.prettifyError(read.error)}`);
  const settings = s3Settings.safeParse({
    ...read.data.store,
    accessKeyId: given.data.AWS_ACCESS_KEY_ID,
    secretAccessKey: given.data.AWS_SECRET_ACCESS_KEY,
    ...(given.data.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: given.data.AWS_SESSION_TOKEN }),
    ...(caFile === undefined ? {} : { caPem: readFileSync(caFile, 'utf8') }),
  });
  if (!settings.success) throw new Error(`${file} can't be used: ${z.prettifyError(settings.error)}`);
  const destination = createS3Destination(settings.data, {
    expectedIdentity: read.data.identity,
    proxyEnvironment: environment,
  });
  const { repositoryPath } = read.data;
  return { destination, access: { destination, repositoryPath, password, cache: createRepositoryCache() } };
}
