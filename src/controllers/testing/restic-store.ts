import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { createMemoryStore, type MemoryStore } from '../../destinations/memory-store.ts';
import type { SealKey } from '../../engines/restic/sealed-box.ts';

/** What restic counts of a snapshot. */
export interface SnapshotCounts {
  readonly files: number;
  readonly directories: number;
  readonly sizeBytes: number;
}

/** The reverse of `openSealed`, after restic's design document. */
function seal(key: SealKey, plain: Buffer): Buffer {
  const iv = randomBytes(16);
  const text = createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain);
  const nonce = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false).update(iv);
  return Buffer.concat([iv, text, poly1305(text, Buffer.concat([key.macR, nonce]))]);
}

const sealJson = (key: SealKey, value: object): Buffer => seal(key, Buffer.from(JSON.stringify(value)));
const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function keyFile(master: SealKey, password: string): Buffer {
  const salt = randomBytes(16);
  const cost = { N: 2, r: 1, p: 1 };
  const bytes = scryptSync(password, salt, 64, cost);
  const user = { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48) };
  const json = { mac: { k: base64(master.macK), r: base64(master.macR) }, encrypt: base64(master.encrypt) };
  const data = base64(sealJson(user, json));
  return Buffer.from(JSON.stringify({ kdf: 'scrypt', ...cost, salt: base64(salt), data }));
}

/** One restic repository in a store, with real keys and real snapshot records, but without any data. */
export class ResticStore {
  readonly store: MemoryStore = createMemoryStore();
  readonly #path: string;
  readonly #password: string;
  #key: SealKey | undefined;

  constructor(path: string, password: string) {
    this.#path = path;
    this.#password = password;
  }

  /** What `restic init` makes, unless it is there. */
  init(): SealKey {
    if (this.#key !== undefined) return this.#key;
    const key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
    this.#key = key;
    this.store.objects.set(`${this.#path}/config`, sealJson(key, { version: 2, id: 'repository' }));
    const file = keyFile(key, this.#password);
    this.store.objects.set(`${this.#path}/keys/${sha256(file)}`, file);
    return key;
  }

  /** Records a snapshot and returns its id; without counts, as restic did before 0.17. */
  addSnapshot(timeMilliseconds: number, counts: SnapshotCounts | undefined): string {
    const key = this.init();
    const summary = counts && {
      dirs_new: counts.directories,
      dirs_changed: 0,
      dirs_unmodified: 0,
      total_files_processed: counts.files,
      total_bytes_processed: counts.sizeBytes,
    };
    const time = new Date(timeMilliseconds).toISOString();
    const snapshot = { time, tree: 'a'.repeat(64), hostname: 'volsync', paths: ['/data'], summary };
    const sealed = sealJson(key, snapshot);
    const id = sha256(sealed);
    this.store.objects.set(this.#keyOf(id), sealed);
    return id;
  }

  removeSnapshot(id: string): void {
    this.store.objects.delete(this.#keyOf(id));
  }

  /** The key of a snapshot's record. */
  #keyOf(id: string): string {
    return `${this.#path}/snapshots/${id}`;
  }
}
