import type { DestinationLimits } from '../../api/backup-destination.ts';
import type { S3Settings } from '../../destinations/s3/settings.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';

/** The one repository that a mover may use: all that its Secret holds. */
export interface MoverRepository {
  /** restic's `RESTIC_REPOSITORY`. */
  readonly url: string;
  readonly password: string;
  readonly settings: S3Settings;
  /** Relative to the destination's prefix. */
  readonly path: string;
  /** The destination that the store must be. */
  readonly identity: string;
  /** Of its traffic with the store; absent where nothing is set. */
  readonly limits?: DestinationLimits | undefined;
}

/** The repository that somebody has opened, as a mover is given it. */
export const moverRepository = ({
  url,
  password,
  settings,
  path,
  expectedIdentity = '',
  limits,
}: RepositoryAccess): MoverRepository => ({ url, password, settings, path, identity: expectedIdentity, limits });
