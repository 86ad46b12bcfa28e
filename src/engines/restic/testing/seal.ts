import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import type { SealKey } from '../sealed-box.ts';

/** The reverse of `openSealed`, after restic's design document. */
export function seal(key: SealKey, plain: Uint8Array): Buffer {
  const iv = randomBytes(16);
  const text = createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain);
  const nonce = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false).update(iv);
  return Buffer.concat([iv, text, poly1305(text, Buffer.concat([key.macR, nonce]))]);
}

/** A file of a repository, with the name that restic gives it. */
export interface SealedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export function sealJson(key: SealKey, value: object): SealedFile {
  const bytes = seal(key, Buffer.from(JSON.stringify(value)));
  return { name: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** A lock as a mover of VolSync writes it. */
export function sealLock(
  key: SealKey,
  lock: { readonly timeMilliseconds: number; readonly exclusive: boolean },
): SealedFile {
  const time = new Date(lock.timeMilliseconds).toISOString();
  return sealJson(key, { time, exclusive: lock.exclusive, hostname: 'mover-1', username: 'root', pid: 33 });
}
