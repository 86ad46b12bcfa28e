import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../cluster/command.ts';
import type { ClusterProvider, Report } from '../cluster/provider.ts';

/** The project's own folder. */
export const projectFolder = join(import.meta.dirname, '..', '..');

const TAG_DIGITS = 12;

/**
 * Bundles the program, builds its image and loads it into the cluster. The tag follows from the content, so that a node
 * never runs an older build of the same name.
 *
 * @param folder of the project, or of another release of it, with its packages installed.
 * @returns the image's name with its tag.
 */
export async function buildReboundImage(
  provider: ClusterProvider,
  report: Report,
  folder = projectFolder,
): Promise<string> {
  await run([process.execPath, 'build.ts'], { cwd: folder });
  const hash = createHash('sha256');
  const parts = (await readdir(join(folder, 'dist'))).filter((name) => name.endsWith('.mjs')).toSorted();
  const files = [...parts.map((name) => join('dist', name)), 'Dockerfile'];
  for (const file of files) hash.update(await readFile(join(folder, file)));
  const tag = `localhost/rebound:${hash.digest('hex').slice(0, TAG_DIGITS)}`;
  const dockerfile = join(folder, 'Dockerfile');
  await provider.buildImage({ tag, contextFolder: folder, dockerfile, keep: true }, report);
  return tag;
}
