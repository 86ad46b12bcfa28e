import { createHash, scryptSync } from 'node:crypto';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import type { RepositoryGenesis } from '../../../src/repositories/restic/repository-genesis.ts';
import { sealKeyOf } from '../../../src/repositories/restic/key-file.ts';
import type { SealKey } from '../../../src/repositories/restic/sealed-box.ts';
import { CountedMap } from './counted-map.ts';
import { sealJson, sealLock } from './seal.ts';

/** What restic counts of a snapshot. */
export interface SnapshotCounts {
  readonly files: number;
  readonly directories: number;
  readonly sizeBytes: number;
}

export interface StoredNodes {
  /** Of all files. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Beside the files, as restic writes them. */
  readonly others: readonly object[];
}

const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that are the same each time, so that a story is. */
const bytesOf = (name: string): Buffer => createHash('sha512').update(name).digest();

function keyFile(master: SealKey, password: string): Buffer {
  const salt = bytesOf('salt').subarray(0, 16);
  const cost = { N: 2, r: 1, p: 1 };
  const bytes = scryptSync(password, salt, 64, cost);
  const user = { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48) };
  const json = { mac: { k: base64(master.macK), r: base64(master.macR) }, encrypt: base64(master.encrypt) };
  const data = base64(sealJson(user, json, bytesOf('key').subarray(0, 16)).bytes);
  return Buffer.from(JSON.stringify({ kdf: 'scrypt', ...cost, salt: base64(salt), data }));
}

function newGenesis(key: SealKey, password: string): RepositoryGenesis {
  const bytes = keyFile(key, password);
  const { bytes: config } = sealJson(key, { version: 2, id: 'repository' }, bytesOf('config').subarray(0, 16));
  return { config, key: { id: sha256(bytes), bytes } };
}

/** One restic repository in a store, with real keys, snapshot records and trees, but without the data of any file. */
export class ResticStore {
  readonly objects = new CountedMap<string, Uint8Array>();
  readonly store: MemoryStore = createMemoryStore(this.objects);
  /** Of the snapshots to come. */
  tags: readonly string[] = [];
  /** What is in the trees of snapshots beside the names of files. */
  nodes: StoredNodes = { owner: { uid: 1000, gid: 1000 }, others: [] };
  readonly #path: string;
  readonly #password: string;
  readonly #key: SealKey = sealKeyOf(bytesOf('master'));
  #sealed = 0;
  #genesis: RepositoryGenesis | undefined;
  readonly #exclusive = new Set<string>();
  readonly #trees = new Set<string>();
  readonly #strayKeys = new Set<string>();

  constructor(path: string, password: string) {
    this.#path = path;
    this.#password = password;
  }

  /** The files of the repository when it is new; whoever initialises it writes these. */
  get genesis(): RepositoryGenesis {
    this.#genesis ??= newGenesis(this.#key, this.#password);
    return this.#genesis;
  }

  /** Under each IV one text is sealed. */
  #nextIv(): Uint8Array {
    this.#sealed += 1;
    return bytesOf(`text ${this.#sealed}`).subarray(0, 16);
  }

  /** What `restic init` makes, unless it is there. */
  init(): SealKey {
    const { config, key } = this.genesis;
    const { objects } = this.store;
    const configKey = `${this.#path}/config`;
    if (!objects.has(configKey)) {
      objects.set(configKey, config);
      objects.set(`${this.#path}/keys/${key.id}`, key.bytes);
    }
    return this.#key;
  }

  /** Another program has initialised the repository at the same time: its key is there, and its config is not. */
  addStrayKey(): void {
    this.init();
    const master = sealKeyOf(bytesOf(`stray key ${this.#strayKeys.size}`));
    const bytes = keyFile(master, this.#password);
    const key = `${this.#path}/keys/${sha256(bytes)}`;
    this.store.objects.set(key, bytes);
    this.#strayKeys.add(key);
  }

  /** Whether a key keeps movers out of the repository. */
  get hasStrayKey(): boolean {
    return [...this.#strayKeys].some((key) => this.store.objects.has(key));
  }

  /**
   * Records a snapshot of so many files and returns its id; without counts, as restic did before 0.17.
   *
   * @param storedMilliseconds by the store's clock, where that of the mover's node is another.
   */
  addSnapshot(
    timeMilliseconds: number,
    files: number,
    counts: SnapshotCounts | undefined,
    storedMilliseconds = timeMilliseconds,
  ): string {
    const key = this.init();
    const summary = counts && {
      dirs_new: counts.directories,
      dirs_changed: 0,
      dirs_unmodified: 0,
      total_files_processed: counts.files,
      total_bytes_processed: counts.sizeBytes,
    };
    const time = new Date(timeMilliseconds).toISOString();
    const base = { hostname: 'volsync', paths: ['/data'], ...(this.tags.length === 0 ? {} : { tags: this.tags }) };
    const snapshot = { time, tree: this.#addTree(key, files), ...base, summary };
    const { name: id, bytes } = sealJson(key, snapshot, this.#nextIv());
    this.store.objects.set(this.#keyOf(id), bytes);
    this.store.modifiedAt.set(this.#keyOf(id), new Date(storedMilliseconds).toISOString());
    return id;
  }

  /** Stores a directory whose files are numbered, and where it lies; a directory of as many files is the same one. */
  #addTree(key: SealKey, files: number): string {
    const { owner, others } = this.nodes;
    const numbered = Array.from({ length: files }, (_, number) => ({ name: `file-${number}`, type: 'file', ...owner }));
    const nodes = [...numbered, ...others];
    const json = Buffer.from(JSON.stringify({ nodes }));
    const id = sha256(json);
    if (this.#trees.has(id)) return id;
    this.#trees.add(id);
    const { name: pack, bytes } = sealJson(key, { nodes }, this.#nextIv());
    this.store.objects.set(`${this.#path}/data/${pack.slice(0, 2)}/${pack}`, bytes);
    const blobs = [{ id, type: 'tree', offset: 0, length: bytes.length }];
    const index = sealJson(key, { packs: [{ id: pack, blobs }] }, this.#nextIv());
    this.store.objects.set(`${this.#path}/index/${index.name}`, index.bytes);
    return id;
  }

  /** A process locks the repository, and dies or lives on. Returns the lock's id. */
  addLock(timeMilliseconds: number, exclusive: boolean): string {
    const { name, bytes } = sealLock(this.init(), { timeMilliseconds, exclusive }, this.#nextIv());
    const key = `${this.#path}/locks/${name}`;
    this.store.objects.set(key, bytes);
    this.store.modifiedAt.set(key, new Date(timeMilliseconds).toISOString());
    if (exclusive) this.#exclusive.add(name);
    return name;
  }

  removeLock(id: string): void {
    this.store.objects.delete(`${this.#path}/locks/${id}`);
  }

  get locks(): string[] {
    const prefix = `${this.#path}/locks/`;
    const keys = [...this.store.objects.keys()].filter((key) => key.startsWith(prefix));
    return keys.map((key) => key.slice(prefix.length));
  }

  /** Whether a lock keeps readers and writers out, or only those that need the repository for themselves. */
  get lockedFor(): 'all' | 'exclusive' | undefined {
    if (this.locks.some((id) => this.#exclusive.has(id))) return 'all';
    return this.locks.length > 0 ? 'exclusive' : undefined;
  }

  removeSnapshot(id: string): void {
    this.store.objects.delete(this.#keyOf(id));
  }

  /** The key of a snapshot's record. */
  #keyOf(id: string): string {
    return `${this.#path}/snapshots/${id}`;
  }
}
