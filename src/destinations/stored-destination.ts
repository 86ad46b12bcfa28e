import type {
  CallOptions,
  Destination,
  IdentityReading,
  ListOptions,
  ObjectEntry,
  ProbeResult,
} from './destination.ts';
import { encodeIdentity, parseIdentity } from './identity.ts';
import { createIdentityGuard } from './identity-guard.ts';
import { IDENTITY_KEY } from './layout.ts';
import { lockKey } from './lock-file.ts';
import type { ObjectStore } from './object-store.ts';
import { failure, success, type Outcome, type UnknownReason } from './outcome.ts';
import { repositoryFileKey, setKeyAside } from './repository-files.ts';
import { hasSnapshot } from './snapshot-listing.ts';
import { surveyStore } from './store-survey.ts';
import { stepsWithin } from './time-limit.ts';

export type StoredDestinationOptions = {
  /** The identity that the store must have; absent while it has none yet. See {@link Destination}. */
  readonly expectedIdentity: string | undefined;
  /** How old a right reading of the identity may be; the default is 5,000. */
  readonly identityFreshMilliseconds?: number;
  readonly nowMilliseconds?: () => number;
};

const DEFAULT_FRESH_MILLISECONDS = 5_000;
const DEFAULT_MAXIMUM_ENTRIES = 100_000;
const PAGE_KEYS = 1_000;

const readIdentity = async (store: ObjectStore, options: CallOptions): Promise<IdentityReading> => {
  const bytes = await store.read(IDENTITY_KEY, options);
  if (!bytes.ok) return { kind: 'unknown', reason: bytes.reason, message: bytes.message };
  if (bytes.value === undefined) return { kind: 'missing' };
  const identity = parseIdentity(bytes.value);
  if (identity.ok) return { kind: 'known', identity: identity.value };
  return { kind: 'unknown', reason: identity.reason, message: `${store.description}: ${identity.message}` };
};

const initialize =
  (store: ObjectStore): Destination['initialize'] =>
  async (identity, options) => {
    const step = stepsWithin(options);
    const before = await readIdentity(store, step());
    if (before.kind === 'unknown') return failure(before.reason, before.message);
    if (before.kind === 'known') return success({ identity: before.identity, created: false });
    const created = await store.create(IDENTITY_KEY, encodeIdentity(identity), step());
    if (!created.ok) return created;
    // A store without conditional writes lets the last of several writers win: what is there now is the truth.
    const after = await readIdentity(store, step());
    if (after.kind === 'unknown') return failure(after.reason, after.message);
    if (after.kind === 'missing') {
      return failure('StoreError', `${store.description} accepted ${IDENTITY_KEY} but does not return it`);
    }
    return success({ identity: after.identity, created: after.identity.id === identity.id });
  };

const listAll =
  (store: ObjectStore) =>
  async (prefix: string, options: ListOptions): Promise<Outcome<readonly ObjectEntry[]>> => {
    const step = stepsWithin(options);
    const limit = options.maximumEntries ?? DEFAULT_MAXIMUM_ENTRIES;
    const entries: ObjectEntry[] = [];
    let continuation: string | undefined;
    do {
      const page = await store.listPage(prefix, {
        ...step(),
        maximumKeys: PAGE_KEYS,
        ...(continuation === undefined ? {} : { continuation }),
      });
      if (!page.ok) return page;
      if (page.value.next !== undefined && page.value.next === continuation) {
        return failure('BadResponse', `${store.description}: the listing of ${prefix} goes round in a circle`);
      }
      entries.push(...page.value.entries);
      continuation = page.value.next;
      if (entries.length > limit) {
        return failure('TooLarge', `${store.description}: more than ${limit} objects under ${prefix}`);
      }
    } while (continuation !== undefined);
    return success(entries);
  };

const isOtherStore: ReadonlySet<UnknownReason> = new Set(['WrongIdentity', 'IdentityMissing', 'NotInitialized']);

/** The outcome, if the store is the right one; else what is wrong, by the failure that says more. */
const underIdentity = <T>(outcome: Outcome<T>, verified: Outcome<undefined>): Outcome<T> => {
  if (verified.ok) return outcome;
  return isOtherStore.has(verified.reason) || outcome.ok ? verified : outcome;
};

const probeResult = (found: Outcome<boolean>): ProbeResult => {
  if (!found.ok) return { kind: 'unknown', reason: found.reason, message: found.message };
  return { kind: found.value ? 'exists' : 'none' };
};

/**
 * Makes a destination of an object store: the snapshot probe, complete listings, and the identity guard in front of every
 * answer. Listings and readings run beside the check of the identity; writing waits for it.
 */
export const createStoredDestination = (store: ObjectStore, options: StoredDestinationOptions): Destination => {
  const guard = createIdentityGuard({
    expectedIdentity: options.expectedIdentity,
    freshMilliseconds: options.identityFreshMilliseconds ?? DEFAULT_FRESH_MILLISECONDS,
    nowMilliseconds: options.nowMilliseconds ?? (() => performance.now()),
    description: store.description,
    read: (limits) => readIdentity(store, limits),
  });

  const guarded = async <T>(work: Promise<Outcome<T>>, limits: CallOptions): Promise<Outcome<T>> => {
    const [outcome, verified] = await Promise.all([work, guard.verify(limits)]);
    return underIdentity(outcome, verified);
  };

  const list = listAll(store);

  return {
    description: store.description,
    probe: async (repositoryPath, limits) =>
      probeResult(await guarded(hasSnapshot(store, repositoryPath, limits), limits)),
    identity: (limits) => readIdentity(store, limits),
    survey: (limits) => surveyStore(store, limits),
    initialize: initialize(store),
    verifyIdentity: (limits) => guard.verify(limits),
    list: (prefix, limits) => guarded(list(prefix, limits), limits),
    read: (key, limits) => guarded(store.read(key, limits), limits),
    async write(key, bytes, limits) {
      const step = stepsWithin(limits);
      const verified = await guard.verify(step());
      return verified.ok ? store.write(key, bytes, step()) : verified;
    },
    async removeLock(repositoryPath, lockId, limits) {
      const key = lockKey(repositoryPath, lockId);
      const step = stepsWithin(limits);
      const verified = await guard.verify(step());
      return verified.ok ? store.remove(key, step()) : verified;
    },
    async createRepositoryFile(repositoryPath, file, bytes, limits) {
      const key = repositoryFileKey(repositoryPath, file);
      const step = stepsWithin(limits);
      const verified = await guard.verify(step());
      return verified.ok ? store.create(key, bytes, step()) : verified;
    },
    async setKeyAside(repositoryPath, id, limits) {
      const step = stepsWithin(limits);
      const verified = await guard.verify(step());
      return verified.ok ? setKeyAside(store, { repositoryPath, id }, step) : verified;
    },
    close: () => store.close(),
  };
};
