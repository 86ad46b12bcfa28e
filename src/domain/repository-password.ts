import { createHmac } from 'node:crypto';

/**
 * Password of every repository in a namespace, derived from the master password: a rebuilt cluster with the same master
 * password reads every repository, and a namespace that knows its own learns nothing of the others'.
 *
 * @returns 64 hexadecimal digits.
 * @throws when the master password is empty.
 */
export function repositoryPassword(masterPassword: string, namespace: string): string {
  if (masterPassword.length === 0) throw new Error('the master password is empty');
  return createHmac('sha256', masterPassword).update(`rebound/repository-password/v1/${namespace}`).digest('hex');
}
