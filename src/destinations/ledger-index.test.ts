import { beforeEach, describe, expect, it } from 'vitest';
import { INDEX_INTERVAL_MILLISECONDS, LedgerIndex } from './ledger-index.ts';
import { encodeIdentity, newDestinationIdentity } from './identity.ts';
import { IDENTITY_KEY } from './layout.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from './outcome.ts';
import { createStoredDestination } from './stored-destination.ts';

const limits = { timeoutMilliseconds: 1_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const claim = { namespace: 'shop', claim: 'data-0' };
const recordKey = '.rebound/claims/shop/data-0.json';

let store: MemoryStore;
let now: number;
let index: LedgerIndex;

const has = (since = 0) => {
  const destination = createStoredDestination(store, { expectedIdentity: identity.id });
  return index.has({ name: 'default', destination }, claim, since, limits);
};
const listings = (): number => store.calls.filter((call) => call.startsWith('LIST')).length;

beforeEach(() => {
  store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  now = 1_000_000;
  index = new LedgerIndex(() => now);
});

describe('LedgerIndex', () => {
  it('answers thousands of claims from one listing', async () => {
    store.objects.set(recordKey, Buffer.from('{}'));
    expect(await has()).toEqual({ ok: true, value: { found: true, isRecent: true } });
    await Promise.all(Array.from({ length: 1_000 }, () => has()));
    expect(listings()).toBe(1);
  });

  it('lists anew for a claim that is younger than the listing, at most once a minute', async () => {
    await has();
    store.objects.set(recordKey, Buffer.from('{}'));
    now += 1_000;
    expect(await has(now)).toEqual({ ok: true, value: { found: false, isRecent: false } });
    const createdAt = now;
    now += INDEX_INTERVAL_MILLISECONDS;
    expect(await has(createdAt)).toEqual({ ok: true, value: { found: true, isRecent: true } });
    expect(listings()).toBe(2);
  });

  it('asks again after a listing that failed', async () => {
    store.fault = () => failure('Timeout', 'no answer');
    expect(await has()).toMatchObject({ ok: false, reason: 'Timeout' });
    store.fault = undefined;
    expect(await has()).toMatchObject({ ok: true });
  });
});
