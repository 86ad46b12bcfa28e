import { createHash } from 'node:crypto';

/** Longest name that every object made from it still fits a label value with the engine's own prefixes and suffixes. */
const LONGEST_NAME = 40;
const DIGEST_LENGTH = 16;
const FORMER_DIGEST_LENGTH = 8;

const PRIME_CLAIM_PREFIX = 'rebound-prime-';
const RUN_PREFIX = 'rebound-backup-';
const COPY_PREFIX = 'rebound-copy-';
const CAUSE_DIGITS = 10;

const LOOKS_LIKE_RUN = new RegExp(`^${RUN_PREFIX}[-0-9a-z]+-[0-9a-f]{${CAUSE_DIGITS}}$`);

const LOOKS_DIGESTED = new RegExp(`-[0-9a-f]{${DIGEST_LENGTH}}$`);

const isPlain = (name: string): boolean => name.length <= LONGEST_NAME && !name.includes('.');

function digestedName(claimName: string, digestLength: number): string {
  const digest = createHash('sha256').update(claimName).digest('hex').slice(0, digestLength);
  const start = `rebound-${claimName}`
    .replaceAll('.', '-')
    .slice(0, LONGEST_NAME - digestLength - 1)
    .replace(/-+$/, '');
  return `${start}-${digest}`;
}

/**
 * Name of an object that serves a claim: `rebound-<claim>`, shortened with a digest where the claim's name is long or has
 * dots. A name that only looks as if it ended with such a digest gets one too, so that no two claims share a name.
 */
export function nameForClaim(claimName: string): string {
  const name = `rebound-${claimName}`;
  return isPlain(name) && !LOOKS_DIGESTED.test(name) ? name : digestedName(claimName, DIGEST_LENGTH);
}

/** The name that such an object had in the first releases, where `data.v1` and `data-v1-4c610ff1` shared one. */
export function formerNameForClaim(claimName: string): string {
  const name = `rebound-${claimName}`;
  return isPlain(name) ? name : digestedName(claimName, FORMER_DIGEST_LENGTH);
}

/**
 * Name of the claim that a restore fills before its volume is handed to the user's claim. A restore that somebody deleted
 * and its successor never share one.
 */
export const primeClaimName = (restoreUID: string): string => `${PRIME_CLAIM_PREFIX}${restoreUID}`;

/** Whether a claim of this name is one of ours that get a volume first. */
export const isPrimeClaimName = (name: string): boolean => name.startsWith(PRIME_CLAIM_PREFIX);

/** Name of the pod that looks into the volume of a prime claim; that one's UID is in it, so that no other is looked into. */
export const lookPodName = (primeClaimUID: string): string => `rebound-look-${primeClaimUID}`;

/** Name of the engine's object of one attempt to restore; every attempt of every restore has a new one. */
export const restoreAttemptName = (restoreUID: string, attempt: number): string => `rebound-${restoreUID}-${attempt}`;

/**
 * Name of the Secret that gives an engine's object its repository. The digest is keyed and covers the content, so that other
 * content has another name, and nobody who does not hold the repository's password can have made a Secret of this name.
 */
export const repositorySecretName = (engineObjectName: string, digest: string): string =>
  `${engineObjectName}-${digest}`;

/**
 * Name of a backup run by movers of our own, of its Job and of its first snapshot. The same cause of the same claim is the same run,
 * however often it is begun.
 */
export function backupRunName(claimUID: string, cause: string): string {
  const digest = createHash('sha256').update(cause).digest('hex').slice(0, CAUSE_DIGITS);
  return `${RUN_PREFIX}${claimUID}-${digest}`;
}

export const isBackupRunName = (name: string): boolean => LOOKS_LIKE_RUN.test(name);

/** Name of all that has the copy of a volume that a run reads: content, snapshot and claim. */
export const copyName = (runName: string): string => `${COPY_PREFIX}${runName.slice(RUN_PREFIX.length)}`;

/** The run that a copy of that name is for. */
export const runOfCopy = (name: string): string => `${RUN_PREFIX}${name.slice(COPY_PREFIX.length)}`;

/** Whether a claim among the movers of this name has the copy of a volume. */
export const isCopyClaimName = (name: string): boolean => name.startsWith(COPY_PREFIX);
