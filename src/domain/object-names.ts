import { createHash } from 'node:crypto';

/** Longest name that every object made from it still fits a label value with the engine's own prefixes and suffixes. */
const LONGEST_NAME = 40;
const DIGEST_LENGTH = 8;

/**
 * Name of an object that serves a claim: `rebound-<claim>`, shortened with a digest where the claim's name is long or has
 * dots, so that two claims never share one.
 */
export function nameForClaim(claimName: string): string {
  const name = `rebound-${claimName}`;
  if (name.length <= LONGEST_NAME && !name.includes('.')) return name;
  const digest = createHash('sha256').update(claimName).digest('hex').slice(0, DIGEST_LENGTH);
  const start = name
    .replaceAll('.', '-')
    .slice(0, LONGEST_NAME - DIGEST_LENGTH - 1)
    .replace(/-+$/, '');
  return `${start}-${digest}`;
}

/**
 * Name of the claim that a restore fills before its volume is handed to the user's claim. A restore that somebody deleted
 * and its successor never share one.
 */
export const primeClaimName = (restoreUID: string): string => `rebound-prime-${restoreUID}`;

/** Name of the engine's object of one attempt to restore; every attempt of every restore has a new one. */
export const restoreAttemptName = (restoreUID: string, attempt: number): string => `rebound-${restoreUID}-${attempt}`;
