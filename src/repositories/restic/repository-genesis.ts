import { createHash, hkdfSync } from 'node:crypto';
import { chunkerPolynomial } from './chunker-polynomial.ts';
import { deriveFromPassword, sealKeyOf } from './key-file.ts';
import { seal } from './sealed-box.ts';

/** What a new repository is derived from. All who initialise it know the same. */
export interface RepositoryOrigin {
  /** Identity of the destination: without it, passwords could be tried for a usual path before a store is ever seen. */
  readonly destinationId: string;
  readonly repositoryPath: string;
  readonly password: string;
}

/** The two files of a repository that holds nothing yet. */
export interface RepositoryGenesis {
  readonly config: Buffer;
  /** Its id is the SHA-256 of its bytes; restic wants it so. */
  readonly key: { readonly id: string; readonly bytes: Buffer };
}

/** What restic 0.18 takes on a usual machine, some 100 ms: 32 MiB (internal/repository/key.go, simple-scrypt 1.3). */
const KEY_COST = { N: 32_768, r: 8, p: 1 };
const SALT_BYTES = 64;
const KEY_BYTES = 64;
const IV_BYTES = 16;
const ID_BYTES = 32;
const POLYNOMIAL_STREAM_BYTES = 8_000;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Independent random bytes for each purpose. Of the master key nothing can be told without the costly derivation. */
const derived = (secret: Uint8Array | string, purpose: string, bytes: number) =>
  Buffer.from(hkdfSync('sha256', secret, '', `rebound/repository-genesis/v1/${purpose}`, bytes));

/**
 * Makes the files of a new repository of format 2 (restic design, "Repository Layout" and "Keys, Encryption and MAC").
 *
 * The same origin gives the same bytes, always: two that initialise a repository at the same time write the same key and the
 * same config, and neither can lock the other out. restic itself takes random ones, so that of two, one's key remains beside
 * the other's config, and the repository can't be read any more.
 */
export async function repositoryGenesis(origin: RepositoryOrigin): Promise<RepositoryGenesis> {
  const { destinationId, repositoryPath, password } = origin;
  const salt = derived(destinationId, `salt/${repositoryPath}`, SALT_BYTES);
  const ownBytes = await deriveFromPassword({ ...KEY_COST, salt }, password);
  const masterKey = sealKeyOf(derived(ownBytes, 'master-key', KEY_BYTES));
  const config = seal(masterKey, derived(ownBytes, 'config-iv', IV_BYTES), Buffer.from(configText(ownBytes)));
  const masterKeyText = JSON.stringify({
    mac: { k: base64(masterKey.macK), r: base64(masterKey.macR) },
    encrypt: base64(masterKey.encrypt),
  });
  const data = seal(sealKeyOf(ownBytes), derived(ownBytes, 'key-iv', IV_BYTES), Buffer.from(masterKeyText));
  const bytes = Buffer.from(keyFileText(salt, data));
  return { config, key: { id: createHash('sha256').update(bytes).digest('hex'), bytes } };
}

const configText = (ownBytes: Buffer): string =>
  JSON.stringify({
    version: 2,
    id: derived(ownBytes, 'repository-id', ID_BYTES).toString('hex'),
    chunker_polynomial: chunkerPolynomial(derived(ownBytes, 'chunker-polynomial', POLYNOMIAL_STREAM_BYTES)),
  });

/** The time is a fixed one: the bytes must not depend on when they were written. */
const keyFileText = (salt: Buffer, data: Buffer): string =>
  JSON.stringify({
    created: '2000-01-01T00:00:00Z',
    username: 'rebound',
    hostname: 'rebound',
    kdf: 'scrypt',
    ...KEY_COST,
    salt: base64(salt),
    data: base64(data),
  });
