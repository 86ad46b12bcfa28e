import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { poly1305 } from '@noble/ciphers/_poly1305.js';

interface SealKey {
  readonly encrypt: Buffer;
  readonly macK: Buffer;
  readonly macR: Buffer;
}

/** The files of a restic repository that hold no data: its config and its key. */
export interface RepositoryBase {
  readonly folder: string;
  readonly key: SealKey;
  readonly keyName: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** restic's design document, "Keys, Encryption and MAC": IV, AES-256-CTR, Poly1305-AES. */
function seal(key: SealKey, plain: Buffer): Buffer {
  const iv = randomBytes(16);
  const text = createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain);
  const nonce = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false).update(iv);
  return Buffer.concat([iv, text, poly1305(text, Buffer.concat([key.macR, nonce]))]);
}

/** A key file whose derivation costs next to nothing, where restic's own takes some 100 ms and 64 MiB. */
function keyFile(master: SealKey, password: string): Buffer {
  const salt = randomBytes(64);
  const bytes = scryptSync(password, salt, 64, { N: 2, r: 1, p: 1 });
  const user = { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48) };
  const json = {
    mac: { k: master.macK.toString('base64'), r: master.macR.toString('base64') },
    encrypt: master.encrypt.toString('base64'),
  };
  const data = seal(user, Buffer.from(JSON.stringify(json))).toString('base64');
  return Buffer.from(JSON.stringify({ kdf: 'scrypt', N: 2, r: 1, p: 1, salt: salt.toString('base64'), data }));
}

/** Writes a config and a key that a password opens into a folder. */
export function writeRepositoryBase(folder: string, password: string): RepositoryBase {
  const key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
  const file = keyFile(key, password);
  const keyName = sha256(file);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config'), seal(key, Buffer.from(JSON.stringify({ version: 2, id: sha256(file) }))));
  writeFileSync(join(folder, keyName), file);
  return { folder, key, keyName };
}

/**
 * Writes a repository with one snapshot of its own. It has no data: enough for whoever reads which snapshots there are.
 * @param time RFC 3339.
 * @returns the snapshot's id.
 */
export function writeRepository(base: RepositoryBase, folder: string, time: string): string {
  for (const part of ['keys', 'snapshots']) mkdirSync(join(folder, part), { recursive: true });
  linkSync(join(base.folder, 'config'), join(folder, 'config'));
  linkSync(join(base.folder, base.keyName), join(folder, 'keys', base.keyName));
  const json = {
    time,
    tree: randomBytes(32).toString('hex'),
    hostname: 'volsync',
    paths: ['/data'],
    summary: {
      dirs_new: 12,
      dirs_changed: 0,
      dirs_unmodified: 0,
      total_files_processed: 1_002,
      total_bytes_processed: 274_726_912,
    },
  };
  const file = seal(base.key, Buffer.from(JSON.stringify(json)));
  const id = sha256(file);
  writeFileSync(join(folder, 'snapshots', id), file);
  return id;
}
