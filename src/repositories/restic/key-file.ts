import { scrypt } from 'node:crypto';
import { z } from 'zod';
import { openSealed, type SealKey } from './sealed-box.ts';

const MEBIBYTE = 1024 * 1024;
const KEY_BYTES = 64;
// restic asks for at most 60 MiB. A forged key file must not take the process down.
const MAXIMUM_KDF_BYTES = 256 * MEBIBYTE;
// Blocks mixed, N * r * p. restic measures what takes its machine 500 ms, some 2 million on a usual one; on a busy machine it
// ends with a small N and a p of a hundred and more, so that p alone says nothing (restic's Calibrate, simple-scrypt 1.3).
const MAXIMUM_KDF_WORK = 2 ** 26;

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
// A Buffer this small is a view of one of 8 KiB, all of which would stay in memory as long as the key: so it is copied.
const keyOfLength = (bytes: number) =>
  base64.refine((key) => key.length === bytes, `must be ${bytes} bytes`).transform((key) => new Uint8Array(key));

/** A file in `keys/` (restic design, "Keys, Encryption and MAC"). */
const keyFile = z
  .object({
    kdf: z.literal('scrypt'),
    N: z.int().min(2),
    r: z.int().min(1),
    p: z.int().min(1),
    salt: base64,
    data: base64,
  })
  .refine(
    ({ N, r, p }) =>
      Number.isInteger(Math.log2(N)) && 128 * r * (N + p) <= MAXIMUM_KDF_BYTES && N * r * p <= MAXIMUM_KDF_WORK,
    'scrypt parameters too big',
  );

const masterKey = z.object({
  mac: z.object({ k: keyOfLength(16), r: keyOfLength(16) }),
  encrypt: keyOfLength(32),
});

export type KeyFileReading =
  | { readonly kind: 'opened'; readonly key: SealKey }
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'damaged'; readonly message: string };

type KeyFile = z.infer<typeof keyFile>;

/** The cost of a derivation, and its salt. */
export type KeyDerivation = Pick<KeyFile, 'N' | 'r' | 'p' | 'salt'>;

/** Derives the 64 bytes of a key file's own key from a password, in Node's thread pool. */
export const deriveFromPassword = ({ N, r, p, salt }: KeyDerivation, password: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const maxmem = 128 * r * (N + p) + MEBIBYTE;
    scrypt(password, salt, KEY_BYTES, { N, r, p, maxmem }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });

/** A key from the 64 bytes that restic derives one from. */
export const sealKeyOf = (bytes: Uint8Array): SealKey => ({
  encrypt: bytes.subarray(0, 32),
  macK: bytes.subarray(32, 48),
  macR: bytes.subarray(48, KEY_BYTES),
});

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
};

/**
 * Opens a key file with a password: derives its key (scrypt, in Node's thread pool, some 64 MiB and some 100 ms of CPU)
 * and unseals the repository's master key.
 */
export const openKeyFile = async (bytes: Uint8Array, password: string): Promise<KeyFileReading> => {
  const file = keyFile.safeParse(parseJson(bytes));
  if (!file.success) return { kind: 'damaged', message: 'not a key file that restic writes' };
  const plain = openSealed(sealKeyOf(await deriveFromPassword(file.data, password)), file.data.data);
  if (plain === undefined) return { kind: 'wrong-password' };
  const master = masterKey.safeParse(parseJson(plain));
  if (!master.success) return { kind: 'damaged', message: 'it holds no master key' };
  const { mac, encrypt } = master.data;
  return { kind: 'opened', key: { encrypt, macK: mac.k, macR: mac.r } };
};
