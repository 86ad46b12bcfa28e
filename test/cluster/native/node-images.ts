import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import { run } from '../command.ts';
import type { Report } from '../provider.ts';
import { cached } from './cache.ts';
import { debianMirror } from './debian-mirror.ts';
import { buildProgram, moduleSource, programPart } from './go-programs.ts';
import type { Layer } from './layer.ts';
import { packLayer, readLayer } from './layer.ts';
import { writeOciArchive } from './oci-archive.ts';

export const imageNames = {
  base: 'localhost/rebound-base:bookworm',
  nodeBase: 'localhost/rebound-base:node24',
  pause: 'localhost/rebound-pause:1',
  coredns: 'localhost/coredns:1.15.0',
  volsyncMover: 'localhost/volsync:0.14.0',
} as const;

/** Where the project's Dockerfile looks for Node, as in the distroless images. */
const imagePathOfNode = 'nodejs/bin/node';

const suite = 'bookworm';
const basePackages = ['ca-certificates'];
/** Raised when the way images are packed changes. */
const format = '4';

const baseLayerFile = 'base-layer.tar';

function basePart(): { readonly name: string; readonly madeOf: readonly string[] } {
  return { name: 'base-image', madeOf: [suite, ...basePackages, process.arch] };
}

/** A minimal Debian as one layer, from the mirror that this machine uses. */
async function buildBaseLayer(report: Report): Promise<Layer> {
  const folder = await cached(
    basePart(),
    async (target) => {
      report('building the base image (debootstrap)');
      const root = join(target, 'root');
      const flags = ['--variant=minbase', `--include=${basePackages.join(',')}`];
      await run(['debootstrap', ...flags, suite, root, debianMirror()]);
      await packLayer(root, join(target, baseLayerFile));
      rmSync(root, { recursive: true });
    },
    report,
  );
  return readLayer(join(folder, baseLayerFile));
}

/** Packs files, given as path in the image -> path here, all executable and owned by root. */
async function packFiles(target: string, name: string, files: Readonly<Record<string, string>>): Promise<Layer> {
  const stage = join(target, `${name}-stage`);
  for (const [inImage, here] of Object.entries(files)) {
    const path = join(stage, inImage);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(here, path);
    await run(['chmod', '0755', path]);
  }
  const layer = await packLayer(stage, join(target, `${name}.tar`));
  rmSync(stage, { recursive: true });
  return layer;
}

/** The archive with every image that the node itself needs: pause, CoreDNS, VolSync's mover, the base. */
export async function buildNodeImages(report: Report): Promise<string> {
  const programs = ['pause', 'coredns', 'restic', 'volsync'] as const;
  const madeOf = [format, ...basePart().madeOf, ...programs.flatMap((name) => programPart(name).madeOf)];
  const folder = await cached(
    { name: 'node-images', madeOf },
    async (target) => {
      const base = await buildBaseLayer(report);
      const [pause, coredns, restic] = [
        await buildProgram('pause', report),
        await buildProgram('coredns', report),
        await buildProgram('restic', report),
      ];
      report('packing the node images');
      const entry = join(await moduleSource('volsync', 'github.com/backube/volsync'), 'mover-restic', 'entry.sh');
      const mover = await packFiles(target, 'mover', {
        'mover-restic/entry.sh': entry,
        'usr/local/bin/restic': restic,
      });
      const pauseLayer = await packFiles(target, 'pause', { pause });
      const corednsLayer = await packFiles(target, 'coredns', { coredns });
      await writeOciArchive(join(target, 'images.tar'), [
        { name: imageNames.pause, layers: [pauseLayer], entrypoint: ['/pause'] },
        { name: imageNames.coredns, layers: [corednsLayer], entrypoint: ['/coredns'] },
        { name: imageNames.base, layers: [base], command: ['/bin/bash'] },
        { name: imageNames.volsyncMover, layers: [base, mover], entrypoint: ['/bin/bash'] },
      ]);
      for (const layer of [mover, pauseLayer, corednsLayer]) rmSync(layer.tarPath);
    },
    report,
  );
  return join(folder, 'images.tar');
}

/** The Node binary that runs this project, which the project's own packages bring. */
function nodeBinary(): string {
  const path = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'node', 'bin', 'node');
  if (existsSync(path)) return path;
  throw new ClusterError(`${path} is missing: run "npm ci"`);
}

/** The archive with the image that Rebound's own image is built on: the base and Node. */
export async function buildNodeBaseImage(report: Report): Promise<string> {
  const node = nodeBinary();
  const version = createHash('sha256').update(readFileSync(node)).digest('hex');
  const folder = await cached(
    { name: 'node-base-image', madeOf: [format, ...basePart().madeOf, imagePathOfNode, version] },
    async (target) => {
      const base = await buildBaseLayer(report);
      report('packing the base image with Node');
      const layer = await packFiles(target, 'node', { [imagePathOfNode]: node });
      await writeOciArchive(join(target, 'image.tar'), [
        { name: imageNames.nodeBase, layers: [base, layer], command: [`/${imagePathOfNode}`] },
      ]);
      rmSync(layer.tarPath);
    },
    report,
  );
  return join(folder, 'image.tar');
}
