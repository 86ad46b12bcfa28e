/** A master password is guessed offline by whoever holds one password that was derived from it. */
const LEAST_BYTES = 32;
const LEAST_DIFFERENT_CHARACTERS = 10;

export const GOOD_PASSWORD_COMMAND = 'openssl rand -base64 48';

/** Why a master password can be guessed, as a clause; undefined for one that is long and mixed enough. */
export function masterPasswordWeakness(masterPassword: string): string | undefined {
  const bytes = Buffer.byteLength(masterPassword);
  if (bytes < LEAST_BYTES) return `the master password has fewer than ${LEAST_BYTES} bytes, so it can be guessed`;
  const characters = new Set(masterPassword).size;
  return characters < LEAST_DIFFERENT_CHARACTERS
    ? `the master password has fewer than ${LEAST_DIFFERENT_CHARACTERS} different characters, so it can be guessed`
    : undefined;
}
