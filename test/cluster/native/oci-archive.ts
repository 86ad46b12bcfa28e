import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Layer } from './layer.ts';

/** An image to put into an archive. */
export interface ImageSpec {
  /** Full name with tag, for example `localhost/rebound-base:bookworm`. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

interface Blob {
  readonly path: string;
  readonly sizeBytes: number;
  readonly content: () => Readable;
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const blockBytes = 512;

function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function textBlob(path: string, text: string): Blob {
  return { path, sizeBytes: Buffer.byteLength(text), content: () => Readable.from([Buffer.from(text)]) };
}

function digestPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function layerBlob(layer: Layer): Blob {
  return { path: digestPath(layer.digest), sizeBytes: layer.sizeBytes, content: () => createReadStream(layer.tarPath) };
}

function jsonBlob(value: object): { readonly blob: Blob; readonly digest: string } {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { blob: textBlob(digestPath(digest), text), digest };
}

/** Configuration and manifest of one image, after the OCI image specification 1.0. */
function describe(image: ImageSpec): { readonly blobs: readonly Blob[]; readonly entry: object } {
  const config = jsonBlob({
    architecture: architecture(),
    os: 'linux',
    config: {
      Env: [searchPath],
      ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
      ...(image.command === undefined ? {} : { Cmd: image.command }),
    },
    rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => layer.digest) },
    // One entry per layer: buildah refuses to build on an image without.
    history: image.layers.map(() => ({ created_by: 'rebound local cluster' })),
  });
  const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: config.digest,
      size: config.blob.sizeBytes,
    },
    layers: image.layers.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: layer.digest,
      size: layer.sizeBytes,
    })),
  });
  const annotations = { 'io.containerd.image.name': image.name, 'org.opencontainers.image.ref.name': image.name };
  const entry = { mediaType: manifestMediaType, digest: manifest.digest, size: manifest.blob.sizeBytes, annotations };
  return { blobs: [config.blob, manifest.blob], entry };
}

/** A ustar header (POSIX.1-1988): 512 bytes, numbers in octal, the checksum counted with blanks in its own place. */
function tarHeader(path: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(path, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

async function* tarStream(blobs: Iterable<Blob>): AsyncGenerator<Buffer> {
  for (const blob of blobs) {
    yield tarHeader(blob.path, blob.sizeBytes);
    for await (const chunk of blob.content()) yield Buffer.from(chunk);
    yield Buffer.alloc((blockBytes - (blob.sizeBytes % blockBytes)) % blockBytes);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** Writes images into one OCI archive, a layer that several share once. */
export async function writeOciArchive(path: string, images: readonly ImageSpec[]): Promise<void> {
  const described = images.map(describe);
  const index = { schemaVersion: 2, manifests: described.map(({ entry }) => entry) };
  const blobs = new Map<string, Blob>();
  for (const layer of images.flatMap((image) => image.layers)) blobs.set(layer.digest, layerBlob(layer));
  for (const blob of described.flatMap((each) => each.blobs)) blobs.set(blob.path, blob);
  const all = [
    textBlob('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    textBlob('index.json', JSON.stringify(index)),
    ...blobs.values(),
  ];
  await pipeline(Readable.from(tarStream(all)), createWriteStream(path));
}
