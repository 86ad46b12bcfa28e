import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { run, tryRun } from '../command.ts';
import type { ImageBuild, Report } from '../provider.ts';
import { cacheFolder, cached, hashFolder } from './cache.ts';
import { withLock } from './lock.ts';
import { buildNodeBaseImage, imageNames } from './node-images.ts';

/** vfs and chroot: no kernel feature and no registry is needed, and nothing stays mounted. */
function buildah(...args: readonly string[]): string[] {
  const store = join(cacheFolder(), 'buildah');
  const storage = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
  return ['buildah', ...storage, ...args];
}

async function hasImage(name: string): Promise<boolean> {
  return (await tryRun(buildah('inspect', '--type', 'image', name))).exitCode === 0;
}

/** Makes the base image known to buildah under its name and a tag for the archive it came from. */
async function ensureBase(report: Report): Promise<void> {
  const archive = await buildNodeBaseImage(report);
  const tagged = `localhost/${basename(dirname(archive))}`;
  if (await hasImage(tagged)) return;
  const pulled = (await run(buildah('pull', '--quiet', `oci-archive:${archive}`))).trim();
  await run(buildah('tag', pulled, tagged, imageNames.nodeBase));
}

async function buildInto(archive: string, build: ImageBuild, report: Report): Promise<void> {
  const lock = join(cacheFolder(), '.lock-buildah');
  await withLock(lock, { timeoutSeconds: 900 }, async () => {
    await ensureBase(report);
    report(`building ${build.tag}`);
    const buildArguments = { BASE_IMAGE: imageNames.nodeBase, ...build.buildArguments };
    const flags = Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const isolation = ['--isolation', 'chroot', '--network', 'host', '--pull-never', '--layers=false'];
    const input = ['--tag', build.tag, '--file', build.dockerfile, build.contextFolder];
    await run(buildah('build', ...isolation, ...flags, ...input));
    await run(buildah('push', '--quiet', build.tag, `docker-archive:${archive}:${build.tag}`));
    if (build.keep === true) await run(buildah('rmi', build.tag));
    // With this storage driver every image is a full copy of its files.
    await run(buildah('rmi', '--prune', '--force'));
  });
}

/**
 * Builds an image with buildah into an archive that containerd imports, and passes it to `use`. The archive is deleted
 * afterwards, unless the image is one to keep.
 */
export async function withImageArchive(
  build: ImageBuild,
  report: Report,
  use: (archive: string) => Promise<void>,
): Promise<void> {
  if (build.keep === true) return use(await keptArchive(build, report));
  const archive = join(cacheFolder(), `.image-${process.pid}.tar`);
  try {
    await buildInto(archive, build, report);
    await use(archive);
  } finally {
    rmSync(archive, { force: true });
  }
}

async function keptArchive(build: ImageBuild, report: Report): Promise<string> {
  const base = await buildNodeBaseImage(report);
  const madeOf = [
    build.tag,
    hashFolder(build.contextFolder),
    JSON.stringify(build.buildArguments ?? {}),
    basename(dirname(base)),
  ];
  // Without the tag: the archives of an image's older tags are older entries of the same part.
  const name = `image-${build.tag.replace(/:[^:/]*$/, '').replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
  const folder = await cached(
    { name, madeOf },
    (target) => buildInto(join(target, 'image.tar'), build, report),
    report,
  );
  return join(folder, 'image.tar');
}
