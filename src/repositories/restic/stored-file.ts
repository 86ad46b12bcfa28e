import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { openSealed, type SealKey } from './sealed-box.ts';

/** What became of a file of the repository: its JSON, or why it can't be used. */
export type FileReading =
  | { readonly kind: 'json'; readonly value: unknown }
  /** The MAC does not fit: sealed with another key, or changed. */
  | { readonly kind: 'sealed' }
  | { readonly kind: 'damaged'; readonly message: string };

const ENCODING_ZSTD = 2;
const MAXIMUM_JSON_BYTES = 64 * 1024 * 1024;

/** Whether a file's content is what its name says: restic names files by their SHA-256. */
export const isNamedByHash = (name: string, bytes: Uint8Array): boolean =>
  createHash('sha256').update(bytes).digest('hex') === name;

// Restic design, "Unpacked Data Format": plain JSON, or from repository version 2 on a version byte and compressed JSON.
const decompress = (plain: Buffer): Buffer =>
  plain[0] === ENCODING_ZSTD ? zstdDecompressSync(plain.subarray(1), { maxOutputLength: MAXIMUM_JSON_BYTES }) : plain;

/** Opens, decompresses and parses an encrypted file: the config, a snapshot, an index or a lock. */
export const readSealedJson = (key: SealKey, bytes: Uint8Array): FileReading => {
  const plain = openSealed(key, bytes);
  if (plain === undefined) return { kind: 'sealed' };
  try {
    return { kind: 'json', value: JSON.parse(decompress(plain).toString('utf8')) };
  } catch {
    return { kind: 'damaged', message: 'it is authentic, but neither JSON nor compressed JSON' };
  }
};
