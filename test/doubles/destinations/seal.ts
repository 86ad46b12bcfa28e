import { createHash, randomBytes } from 'node:crypto';
import { seal as sealWith, type SealKey } from '../../../src/repositories/restic/sealed-box.ts';

/** Seals under an IV of its own, as long as no other is given. */
export const seal = (key: SealKey, plain: Uint8Array, iv: Uint8Array = randomBytes(16)): Buffer =>
  sealWith(key, iv, plain);

/** A file of a repository, with the name that restic gives it. */
export interface SealedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export function sealJson(key: SealKey, value: object, iv?: Uint8Array): SealedFile {
  const bytes = seal(key, Buffer.from(JSON.stringify(value)), iv);
  return { name: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** A lock as a mover of VolSync writes it. */
export function sealLock(
  key: SealKey,
  lock: { readonly timeMilliseconds: number; readonly exclusive: boolean },
  iv?: Uint8Array,
): SealedFile {
  const time = new Date(lock.timeMilliseconds).toISOString();
  return sealJson(key, { time, exclusive: lock.exclusive, hostname: 'mover-1', username: 'root', pid: 33 }, iv);
}
