import { dirname, join } from 'node:path';

import { buildProgram } from '../native/go-programs.ts';
import type { ClusterProvider, Report } from '../provider.ts';

/** restic 0.18 and nothing else: what movers of Rebound's own run. */
const resticImage = 'localhost/rebound-restic:0.18';

/** Builds the image on first use, from restic's source, and loads it into the cluster. */
export async function loadResticImage(provider: ClusterProvider, report: Report): Promise<string> {
  const contextFolder = dirname(await buildProgram('restic', report));
  const dockerfile = join(import.meta.dirname, 'restic', 'Dockerfile');
  await provider.buildImage({ tag: resticImage, contextFolder, dockerfile, keep: true }, report);
  return resticImage;
}
