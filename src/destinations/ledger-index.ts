import type { CallOptions, Destination } from './destination.ts';
import { type ClaimKey, CLAIM_RECORDS_PREFIX, claimRecordKey } from './layout.ts';
import { success, type Outcome } from './outcome.ts';

/** No destination's records are listed more often than this. */
export const INDEX_INTERVAL_MILLISECONDS = 60_000;

/** Which claims a destination had records of, when it was last asked. */
interface Listing {
  readonly begunMilliseconds: number;
  readonly keys: Promise<Outcome<ReadonlySet<string>>>;
}

/**
 * Knows which claims have a ledger record, from one listing for all of them: cheap for thousands of claims, of which
 * hardly any has one.
 */
export class LedgerIndex {
  readonly #now: () => number;
  readonly #listings = new Map<string, Listing>();

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether a destination had a record of the claim when its records were last listed, and whether that was after the
   * time given. They are listed anew if it was not, unless the last listing is younger than {@link INDEX_INTERVAL_MILLISECONDS}.
   */
  async has(
    named: { readonly name: string; readonly destination: Pick<Destination, 'list'> },
    claim: ClaimKey,
    sinceMilliseconds: number,
    options: CallOptions,
  ): Promise<Outcome<{ readonly found: boolean; readonly isRecent: boolean }>> {
    const listing = this.#listing(named, sinceMilliseconds, options);
    const keys = await listing.keys;
    if (!keys.ok) {
      // Not kept: the next one asks again.
      if (this.#listings.get(named.name) === listing) this.#listings.delete(named.name);
      return keys;
    }
    const isRecent = listing.begunMilliseconds >= sinceMilliseconds;
    return success({ found: keys.value.has(claimRecordKey(claim)), isRecent });
  }

  #listing(
    { name, destination }: { readonly name: string; readonly destination: Pick<Destination, 'list'> },
    sinceMilliseconds: number,
    options: CallOptions,
  ): Listing {
    const known = this.#listings.get(name);
    const now = this.#now();
    if (known !== undefined) {
      const isYoung = now - known.begunMilliseconds < INDEX_INTERVAL_MILLISECONDS;
      if (isYoung || known.begunMilliseconds >= sinceMilliseconds) return known;
    }
    const listing = { begunMilliseconds: now, keys: keysOf(destination, options) };
    this.#listings.set(name, listing);
    return listing;
  }
}

async function keysOf(
  destination: Pick<Destination, 'list'>,
  options: CallOptions,
): Promise<Outcome<ReadonlySet<string>>> {
  const entries = await destination.list(CLAIM_RECORDS_PREFIX, options);
  return entries.ok ? success(new Set(entries.value.map(({ key }) => key))) : entries;
}
