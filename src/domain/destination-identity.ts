/** What the store answered when asked which destination it is. */
export type IdentityFact =
  | { readonly kind: 'known'; readonly id: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

/** What lies in a store without an identity. */
export type StoreContent =
  | {
      readonly kind: 'surveyed';
      /** The key of an object that is no folder marker; absent when there is none. */
      readonly sampleKey?: string | undefined;
      /** Which destinations the first ledger records name; one without a name was written by an earlier release. */
      readonly recordsOf: readonly (string | undefined)[];
    }
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

export interface IdentityFacts {
  /** `spec.identity`: what the user says it must be. */
  readonly demanded?: string | undefined;
  /** `status.identity`: what it was before. */
  readonly remembered?: string | undefined;
  /** The annotation `rebound.dev/initialize`: the identity that the user wants the store to be given. */
  readonly initializeAs?: string | undefined;
  /** `status.initializeMet`: the value of that annotation that was carried out, or needed no carrying out. */
  readonly initializeMet?: string | undefined;
  readonly reading: IdentityFact;
  /** Looked at only when the store says that it has no identity. */
  readonly content?: StoreContent | undefined;
}

export type IdentityDecision =
  | { readonly kind: 'accept'; readonly id: string }
  /** The store is looked through, and the question is put again. */
  | { readonly kind: 'survey' }
  /** It is given this identity; without one, a new one. `warning`: it had it before, and lost it. */
  | { readonly kind: 'initialize'; readonly id?: string; readonly warning?: string }
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string };

const refuse = (reason: string, message: string): IdentityDecision => ({ kind: 'refuse', reason, message });

type Asking = 'asked' | 'met' | 'no';

/** An annotation may stay for years: it counts for the store that it was set for, not for one that was emptied since. */
function askingFor(expected: string, { initializeAs, initializeMet }: IdentityFacts): Asking {
  if (initializeAs !== expected) return 'no';
  return initializeMet === expected ? 'met' : 'asked';
}

const lost = (expected: string, recordsOf: readonly (string | undefined)[], asking: Asking): IdentityDecision => {
  if (asking === 'asked') return { kind: 'initialize', id: expected };
  if (recordsOf.length > 0 && recordsOf.every((id) => id === expected)) {
    const warning = `The store had lost .rebound/destination.json, and its ledger records name destination ${expected}: it was written back. Look what deleted it`;
    return { kind: 'initialize', id: expected, warning };
  }
  return refuse(
    'IdentityMissing',
    `the store has no .rebound/destination.json, but it should be destination ${expected}. It was emptied, or this is another store. ` +
      'Point the BackupDestination at the right bucket and prefix, or bring the object back. If this is the right store, and what it ' +
      `holds is all there is, annotate the BackupDestination with rebound.dev/initialize: ${expected}` +
      (asking === 'met' ? '. The one that it has was carried out before. Take it off, then set it again' : ''),
  );
};

const neverSeen = (sampleKey: string | undefined, initializeAs: string | undefined): IdentityDecision => {
  if (initializeAs !== undefined) return { kind: 'initialize', id: initializeAs };
  if (sampleKey === undefined) return { kind: 'initialize' };
  return refuse(
    'NotInitialized',
    `the store has no .rebound/destination.json, but it is not empty: it holds ${sampleKey}. It may be a copy of backups, or another ` +
      'bucket than is meant. Bring .rebound/destination.json back, set spec.s3.prefix to an empty folder, or, if Rebound shall use ' +
      'it as it is, annotate the BackupDestination with rebound.dev/initialize: and a new UUID',
  );
};

/**
 * Decides whether a store is the destination that is meant. A store without an identity is new only if nobody ever saw
 * one here and it holds nothing; otherwise it was emptied, copied or exchanged, and every claim waits until a person
 * says so.
 */
export function decideIdentity(facts: IdentityFacts): IdentityDecision {
  const { demanded, remembered, initializeAs, reading, content } = facts;
  const expected = demanded ?? remembered;
  switch (reading.kind) {
    case 'unknown':
      return refuse(reading.reason, reading.message);
    case 'known':
      if (expected === undefined || expected === reading.id) return { kind: 'accept', id: reading.id };
      return refuse(
        'WrongIdentity',
        `the store is destination ${reading.id}, but it should be ${expected}. Point the BackupDestination at the right bucket and prefix, or correct spec.identity`,
      );
    case 'missing':
      if (content === undefined) return { kind: 'survey' };
      if (content.kind === 'unknown') return refuse(content.reason, content.message);
      return expected === undefined
        ? neverSeen(content.sampleKey, initializeAs)
        : lost(expected, content.recordsOf, askingFor(expected, facts));
  }
}
