import { join } from 'node:path';

import type { ClusterProvider, Report } from '../../cluster/provider.ts';

const tag = 'localhost/rebound-demo-website:1';

/** Builds the image of apps/website.yaml on first use, and loads it into the cluster. */
export async function loadWebsiteImage(provider: ClusterProvider, report: Report): Promise<void> {
  const contextFolder = join(import.meta.dirname, 'website');
  await provider.buildImage({ tag, contextFolder, dockerfile: join(contextFolder, 'Dockerfile'), keep: true }, report);
}
