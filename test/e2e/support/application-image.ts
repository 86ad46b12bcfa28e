import { join } from 'node:path';

import type { ClusterProvider, Report } from '../../cluster/provider.ts';

/** A small Debian with bash, getfacl, getfattr, setcap and their like. */
export const applicationImage = 'localhost/rebound-e2e-application:2';

/** Builds the image on first use, and loads it into the cluster. */
export async function loadApplicationImage(provider: ClusterProvider, report: Report): Promise<void> {
  const contextFolder = join(import.meta.dirname, 'application-image');
  const dockerfile = join(contextFolder, 'Dockerfile');
  await provider.buildImage({ tag: applicationImage, contextFolder, dockerfile, keep: true }, report);
}
