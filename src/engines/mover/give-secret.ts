import type { KubeClient } from '../../kube/client/client.ts';
import { isAlreadyExists } from '../../kube/client/errors.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import type { buildMoverSecret } from './mover-secret.ts';

/**
 * Gives a Job that is still suspended its Secret. One of that name may belong to a Job before it, and would go with that one while the
 * new one's pod needs it; whose it is is not read, so it is made anew.
 *
 * @throws KubeError when it can't be made; called again, it goes on.
 */
export async function giveSecret(
  client: Pick<KubeClient, 'create' | 'delete'>,
  secret: ReturnType<typeof buildMoverSecret>,
): Promise<void> {
  try {
    await client.create(secrets, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await client.delete(secrets, secret.metadata);
    await client.create(secrets, secret);
  }
}
