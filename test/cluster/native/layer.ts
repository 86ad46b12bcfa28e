import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { z } from 'zod';

import { ClusterError } from '../cluster-error.ts';

/** One uncompressed layer of an image: a tar file, with its description beside it in `<tarPath>.json`. */
export interface Layer {
  readonly tarPath: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
}

const descriptionSchema = z.object({ digest: z.string(), sizeBytes: z.number() });

/** Not wanted in an image: what the package manager can fetch again, documentation, translations. */
const leftOut = [
  './proc/*',
  './sys/*',
  './dev/*',
  './var/cache/apt/*',
  './var/lib/apt/lists/*',
  './var/log/*',
  './usr/share/doc/*',
  './usr/share/man/*',
  './usr/share/locale/*',
];

/** Packs a folder as a layer. Owners and modes are kept as numbers; equal folders give equal layers. */
export async function packLayer(folder: string, tarPath: string): Promise<Layer> {
  const excludes = leftOut.map((pattern) => `--exclude=${pattern}`);
  const flags = ['--numeric-owner', '--sort=name', '--mtime=@0', ...excludes];
  const tar = spawn('tar', ['--create', '--directory', folder, ...flags, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', resolve);
  });
  const hash = createHash('sha256');
  tar.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(tar.stdout, createWriteStream(tarPath));
  if ((await exit) !== 0) throw new ClusterError(`packing ${folder} into ${tarPath} failed: is the disk full?`);
  const layer = { tarPath, digest: `sha256:${hash.digest('hex')}`, sizeBytes: statSync(tarPath).size };
  writeFileSync(`${tarPath}.json`, JSON.stringify({ digest: layer.digest, sizeBytes: layer.sizeBytes }));
  return layer;
}

/** A layer that was packed before. */
export function readLayer(tarPath: string): Layer {
  return { tarPath, ...descriptionSchema.parse(JSON.parse(readFileSync(`${tarPath}.json`, 'utf8'))) };
}
