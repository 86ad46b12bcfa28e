import { join } from 'node:path';

import type { ClusterProvider, Report } from '../provider.ts';

/** PostgreSQL 15 with psql and pgbench; runs as 999:999, data in /var/lib/postgresql/data, sockets in /tmp (both to be mounted). */
export const postgresImage = 'localhost/rebound-postgres:15';

/** Builds the image on first use, and loads it into the cluster. */
export async function loadPostgresImage(provider: ClusterProvider, report: Report): Promise<string> {
  const contextFolder = join(import.meta.dirname, 'postgres');
  const dockerfile = join(contextFolder, 'Dockerfile');
  await provider.buildImage({ tag: postgresImage, contextFolder, dockerfile, keep: true }, report);
  return postgresImage;
}
