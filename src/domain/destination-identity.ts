/** What the store answered when asked which destination it is. */
export type IdentityFact =
  | { readonly kind: 'known'; readonly id: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

export interface IdentityFacts {
  /** `spec.identity`: what the user says it must be. */
  readonly demanded?: string | undefined;
  /** `status.identity`: what it was before. */
  readonly remembered?: string | undefined;
  readonly reading: IdentityFact;
}

export type IdentityDecision =
  | { readonly kind: 'accept'; readonly id: string }
  /** Nobody knows this store yet: it is given an identity. */
  | { readonly kind: 'initialize' }
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string };

/**
 * Decides whether a store is the destination that is meant. A store without an identity is new only if nobody ever saw
 * one here; otherwise it was emptied or exchanged, and every claim waits.
 */
export function decideIdentity({ demanded, remembered, reading }: IdentityFacts): IdentityDecision {
  const expected = demanded ?? remembered;
  switch (reading.kind) {
    case 'unknown':
      return { kind: 'refuse', reason: reading.reason, message: reading.message };
    case 'missing':
      if (expected === undefined) return { kind: 'initialize' };
      return {
        kind: 'refuse',
        reason: 'IdentityMissing',
        message: `the store has no .rebound/destination.json, but it should be destination ${expected}. It was emptied, or this is another store. Point the BackupDestination at the right bucket and prefix, or bring the object back`,
      };
    case 'known':
      if (expected === undefined || expected === reading.id) return { kind: 'accept', id: reading.id };
      return {
        kind: 'refuse',
        reason: 'WrongIdentity',
        message: `the store is destination ${reading.id}, but it should be ${expected}. Point the BackupDestination at the right bucket and prefix, or correct spec.identity`,
      };
  }
}
