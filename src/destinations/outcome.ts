/**
 * Why a destination could not answer. Every one of these means "unknown", never "there is nothing".
 *
 * - `Timeout`: no complete answer within the time limit. `Aborted`: the caller gave up.
 * - `Unreachable`: no connection (name not found, refused, reset). `TlsFailure`: the certificate or handshake is bad.
 * - `AccessDenied`, `WrongCredentials`, `ClockSkew`: the store refused the request or its signature.
 * - `NoSuchBucket`, `WrongRegion`: the store does not hold this bucket, or not here.
 * - `WrongIdentity`: the store is another destination than the one that is meant. `IdentityMissing`: it should be one, and
 *   says certainly that it is none. `NotInitialized`: nobody expects an identity yet, and it has been given none.
 * - `ObjectArchived`: the object lies in an archive tier, where it can't be read before somebody restores it there.
 * - `Throttled`, `StoreError`: the store is busy or broken. `BadResponse`: what came back is not an answer of such a store.
 * - `TooLarge`: more objects or bytes than the caller is ready to read. `InvalidRecord`: an object that can't be understood.
 */
export type UnknownReason =
  | 'Timeout'
  | 'Aborted'
  | 'Unreachable'
  | 'TlsFailure'
  | 'AccessDenied'
  | 'WrongCredentials'
  | 'ClockSkew'
  | 'NoSuchBucket'
  | 'WrongRegion'
  | 'WrongIdentity'
  | 'IdentityMissing'
  | 'NotInitialized'
  | 'ObjectArchived'
  | 'Throttled'
  | 'StoreError'
  | 'BadResponse'
  | 'TooLarge'
  | 'InvalidRecord';

/** What is known about a failed call. The message is fit for events and logs: it never holds a credential. */
export type Failure = { readonly ok: false; readonly reason: UnknownReason; readonly message: string };

/** The result of a call that never throws. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Failure;

export const success = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const failure = (reason: UnknownReason, message: string): Failure => ({ ok: false, reason, message });
