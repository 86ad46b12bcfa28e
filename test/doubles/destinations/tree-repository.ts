import { createHash, randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { encodeIdentity, newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { IDENTITY_KEY } from '../../../src/destinations/layout.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import { createStoredDestination } from '../../../src/destinations/stored-destination.ts';
import type { RepositoryAccess } from '../../../src/repositories/restic/open-repository.ts';
import { createRepositoryCache } from '../../../src/repositories/restic/repository-cache.ts';
import type { SealKey } from '../../../src/repositories/restic/sealed-box.ts';
import type { Snapshot } from '../../../src/repositories/restic/snapshot.ts';
import type { TreeNode } from '../../../src/repositories/restic/tree-node.ts';
import { seal, sealJson } from './seal.ts';

/** A node of a tree, as restic writes it. */
export type StoredNode = Pick<TreeNode, 'name' | 'type'> & Partial<TreeNode>;

const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const folder = 'shop/db';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A repository with an open key that holds snapshots and trees, each tree in a pack and an index file of its own. */
export class TreeRepository {
  readonly store: MemoryStore = createMemoryStore();
  readonly access: RepositoryAccess;
  readonly #key: SealKey = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };

  constructor() {
    this.store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
    const destination = createStoredDestination(this.store, { expectedIdentity: identity.id });
    const cache = { ...createRepositoryCache(), masterKey: () => this.#key };
    this.access = { destination, repositoryPath: folder, password: 'pw', cache };
  }

  directory(name: string, nodes: readonly StoredNode[], more: Partial<StoredNode> = {}): StoredNode {
    return { name, type: 'dir', subtree: this.#putTree(nodes), ...more };
  }

  addSnapshot(nodes: readonly StoredNode[], tags: readonly string[] = []): Snapshot {
    const time = '2026-01-01T00:00:00Z';
    const tree = { hostname: 'volsync', paths: ['/data'], tags: [...tags] };
    const treeId = this.#putTree(nodes);
    const { name: id, bytes } = sealJson(this.#key, {
      time,
      tree: treeId,
      ...tree,
      salt: randomBytes(8).toString('hex'),
    });
    this.store.objects.set(`${folder}/snapshots/${id}`, bytes);
    return { id, shortId: id.slice(0, 8), time, timeMilliseconds: Date.parse(time), treeId, ...tree };
  }

  /** Stores a tree behind some other bytes in its pack, compressed or not, and returns its id. */
  #putTree(nodes: readonly StoredNode[]): string {
    const json = Buffer.from(JSON.stringify({ nodes }));
    const isCompressed = json.length % 2 === 0;
    const blob = seal(this.#key, isCompressed ? zstdCompressSync(json) : json);
    const pack = Buffer.concat([randomBytes(7), blob, randomBytes(5)]);
    const packId = sha256(pack);
    this.store.objects.set(`${folder}/data/${packId.slice(0, 2)}/${packId}`, pack);
    const place = { type: 'tree', offset: 7, length: blob.length };
    const id = sha256(json);
    const uncompressed = isCompressed ? { uncompressed_length: json.length } : {};
    const data = { id: 'd'.repeat(64), type: 'data', offset: 0, length: 7 };
    const index = sealJson(this.#key, { packs: [{ id: packId, blobs: [data, { id, ...place, ...uncompressed }] }] });
    const indexKey = `${folder}/index/${index.name}`;
    this.store.objects.set(indexKey, index.bytes);
    this.store.modifiedAt.set(indexKey, new Date(Date.UTC(2026, 0, 1) + this.store.objects.size).toISOString());
    return id;
  }
}
