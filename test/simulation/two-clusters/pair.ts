import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { type ClaimRecord, parseClaimRecord } from '../../../src/destinations/ledger.ts';
import { claimRecordKey } from '../../../src/destinations/layout.ts';
import type { BackupEnd, RestoreEnd } from '#doubles/volsync/volsync.ts';
import { CLAIM, NAMESPACE, World, type WorldOptions } from '../world.ts';

export type Which = 'first' | 'second';

const KEY = { namespace: NAMESPACE, claim: CLAIM };
const KEYS = { namespace: SYSTEM_NAMESPACE, name: 'keys' };

/** Two clusters with the same manifests, one store and one clock. */
export class Pair {
  readonly first: World;
  readonly second: World;
  /** Clusters whose controller is away, while the engine goes on. */
  readonly asleep = new Set<World>();
  #filesWritten = 40;
  /** What the ledger said last, and the bytes that said so. */
  #read: { readonly bytes: Uint8Array | undefined; readonly record: ClaimRecord | undefined } | undefined;

  constructor(options: WorldOptions) {
    this.first = new World(options);
    this.second = new World({ ...options, beside: this.first, clusterUid: 'cluster-b' });
  }

  get worlds(): readonly [World, World] {
    return [this.first, this.second];
  }

  otherThan(world: World): World {
    return world === this.first ? this.second : this.first;
  }

  /** What the ledger truly says of the claim. */
  get record(): ClaimRecord | undefined {
    const bytes = this.first.destination.restic.store.objects.get(claimRecordKey(KEY));
    if (this.#read?.bytes !== bytes) this.#read = { bytes, record: bytes && recordIn(bytes) };
    return this.#read?.record;
  }

  /** Each time an application writes, its volume holds more than any has held before. */
  write(world: World): void {
    this.#filesWritten += 1;
    const files = this.#filesWritten;
    world.write((content) => ({ ...content, files, sizeBytes: 8_000_000, complete: true }));
  }

  /** The operator takes the store's key away from a cluster's controller; what the engine has, it keeps. */
  takeKeys({ server }: World): void {
    server.delete(secrets, KEYS);
  }

  giveKeys({ server }: World): void {
    if (server.get(secrets, KEYS) !== undefined) return;
    const data = { AWS_ACCESS_KEY_ID: 'aWQ=', AWS_SECRET_ACCESS_KEY: 'c2VjcmV0' };
    server.create(secrets, { metadata: KEYS, data });
  }

  hasKeys({ server }: World): boolean {
    return server.get(secrets, KEYS) !== undefined;
  }
}

function recordIn(bytes: Uint8Array): ClaimRecord {
  const record = parseClaimRecord(KEY, bytes);
  if (!record.ok) throw new Error(record.message);
  return record.value;
}

/** A round of a cluster whose controller is away. */
export function goOnAlone(world: World, ends: { readonly restore: RestoreEnd; readonly backup: BackupEnd }): void {
  const { cluster, engine } = world;
  for (const pass of Object.values(cluster.passes)) pass();
  engine.startMovers();
  cluster.schedule();
  engine.endMovers(ends.restore);
  engine.report();
  world.backUp(ends.backup);
}
