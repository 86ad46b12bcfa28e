import { createHmac } from 'node:crypto';

/** Number of the one way there is to derive passwords. Records carry it, so that there can be another one day. */
export const PASSWORD_DERIVATION = 1;

/**
 * Password of every repository in a namespace, derived from the master password: a rebuilt cluster with the same master
 * password reads every repository, and a namespace that knows its own learns nothing of the others'.
 *
 * @returns 64 hexadecimal digits.
 * @throws when the master password is empty.
 */
export function repositoryPassword(masterPassword: string, namespace: string): string {
  if (masterPassword.length === 0) throw new Error('the master password is empty');
  return createHmac('sha256', masterPassword)
    .update(`rebound/repository-password/v${PASSWORD_DERIVATION}/${namespace}`)
    .digest('hex');
}
