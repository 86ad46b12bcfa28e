import { encodeIdentity, newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { IDENTITY_KEY } from '../../../src/destinations/layout.ts';
import { createMemoryStore } from './memory-store.ts';
import type { ObjectStore } from '../../../src/destinations/object-store.ts';
import { failure, type Failure } from '../../../src/destinations/outcome.ts';
import type { ResticStore } from './restic-store.ts';

/**
 * What a store does when it is asked: `answers` truly; `silent` to everything, to listings, to reading snapshots or to
 * reading the ledger; takes no signs of life; has been `exchanged` for an empty one of another identity, or `emptied`; or its newest snapshots
 * came back `damaged`.
 */
export type StoreMood =
  | 'answers'
  | 'silent'
  | 'listingsFail'
  | 'snapshotsFail'
  | 'ledgerFails'
  | 'signsFail'
  | 'exchanged'
  | 'emptied'
  | 'damaged';

export const storeMoods: readonly StoreMood[] = [
  'answers',
  'silent',
  'listingsFail',
  'snapshotsFail',
  'ledgerFails',
  'signsFail',
  'exchanged',
  'emptied',
  'damaged',
];

export const IDENTITY = '00000000-0000-4000-8000-000000000001';
const OTHER_IDENTITY = '00000000-0000-4000-8000-000000000002';

const identityRecord = (id: string): Uint8Array => encodeIdentity(newDestinationIdentity(id, new Date(0)));

const failing: Partial<Record<StoreMood, RegExp>> = {
  silent: /./,
  listingsFail: /^LIST/,
  snapshotsFail: /^GET .*\/snapshots\//,
  ledgerFails: /\.rebound\/claims\//,
  signsFail: /^PUT \.rebound\/clusters\//,
};

/** The store behind the destination, with a mood that can change at any time. */
export class DestinationDouble {
  #mood: StoreMood = 'answers';
  #moods = 0;
  readonly restic: ResticStore;
  readonly #now: () => number;
  readonly #emptied = createMemoryStore();
  readonly #exchanged = createMemoryStore();

  /** @param now the store's clock. */
  constructor(restic: ResticStore, now: () => number, identity = IDENTITY) {
    this.restic = restic;
    this.#now = now;
    restic.store.objects.set(IDENTITY_KEY, identityRecord(identity));
    restic.store.fault = (call) => this.#faultOf(call);
    this.#exchanged.objects.set(IDENTITY_KEY, identityRecord(OTHER_IDENTITY));
  }

  get mood(): StoreMood {
    return this.#mood;
  }

  set mood(mood: StoreMood) {
    this.#mood = mood;
    this.#moods += 1;
  }

  /** Grows with every change of what it holds, or of its mood. */
  get revision(): number {
    return this.#moods + this.restic.objects.changes;
  }

  /** The store as a program reaches it. */
  readonly store: ObjectStore = {
    description: 'memory',
    listPage: (prefix, options) => this.#present.listPage(prefix, options),
    read: async (key, options) => {
      const bytes = await this.#present.read(key, options);
      const isDamaged = this.mood === 'damaged' && key.includes('/snapshots/') && bytes.ok;
      return isDamaged ? { ok: true, value: new Uint8Array([1, 2, 3]) } : bytes;
    },
    write: async (key, bytes, options) => {
      const written = await this.#present.write(key, bytes, options);
      if (written.ok) this.restic.store.modifiedAt.set(key, new Date(this.#now()).toISOString());
      return written;
    },
    create: (key, bytes, options) => this.#present.create(key, bytes, options),
    remove: (key, options) => this.#present.remove(key, options),
    close: () => Promise.resolve(),
  };

  get #present(): ObjectStore {
    if (this.mood === 'emptied') return this.#emptied;
    return this.mood === 'exchanged' ? this.#exchanged : this.restic.store;
  }

  #faultOf(call: string): Failure | undefined {
    const isHit = failing[this.mood]?.test(call) === true;
    return isHit ? failure('Unreachable', 'the store does not answer') : undefined;
  }
}
