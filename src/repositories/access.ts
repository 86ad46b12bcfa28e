import { createHmac } from 'node:crypto';
import type { DestinationLimits } from '../api/backup-destination.ts';
import { repositoryPassword } from '../domain/repository-password.ts';
import type { Destination } from '../destinations/destination.ts';
import type { S3Settings } from '../destinations/s3/settings.ts';
import { repositoryPath } from '../destinations/layout.ts';
import { resticEnvironment, resticRepositoryUrl } from '../destinations/s3/restic-repository.ts';
import type { DestinationCatalog } from '../destinations/catalog.ts';

/** All that is needed to read or write one claim's repository. */
export interface RepositoryAccess {
  readonly destination: Destination;
  /** Path below the destination's prefix. */
  readonly path: string;
  readonly url: string;
  readonly password: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly caPem?: string | undefined;
  /** The store itself; holds credentials. */
  readonly settings: S3Settings;
  /** The identity that the store must have; absent while none is known. */
  readonly expectedIdentity?: string | undefined;
  /** What movers may take of the store; absent where nothing is set. */
  readonly limits?: DestinationLimits | undefined;
}

export type OpenedRepository =
  | { readonly ok: true; readonly access: RepositoryAccess }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/** Opens the repository of a claim in a destination; says what is missing where it can't. */
export function openRepository(
  { catalog }: { readonly catalog: Pick<DestinationCatalog, 'open'> },
  destinationName: string,
  claim: { readonly namespace: string; readonly name: string },
): OpenedRepository {
  const opened = catalog.open(destinationName);
  if (!opened.ok) return opened;
  const path = repositoryPath({ namespace: claim.namespace, claim: claim.name });
  return {
    ok: true,
    access: {
      destination: opened.destination,
      path,
      url: resticRepositoryUrl(opened.settings, path),
      password: repositoryPassword(opened.masterPassword, claim.namespace),
      environment: resticEnvironment(opened.settings),
      caPem: opened.settings.caPem,
      settings: opened.settings,
      expectedIdentity: opened.expectedIdentity,
      limits: opened.limits,
    },
  };
}

/**
 * A digest of what a mover is given, and for whom. Keyed with the repository's password, so that it tells nothing of the
 * credentials, and only who holds the password can know it beforehand.
 */
export function secretDigest(access: RepositoryAccess, ownerUID: string): string {
  const content = JSON.stringify([ownerUID, access.url, access.environment, access.caPem ?? null]);
  return createHmac('sha256', access.password).update(content).digest('hex').slice(0, 16);
}
