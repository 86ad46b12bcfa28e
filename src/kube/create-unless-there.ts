import type { KubeClient } from './client/client.ts';
import { isAlreadyExists } from './client/errors.ts';
import type { KubeObject, NamedObject, ResourceKind } from './model/kind.ts';

/**
 * Makes an object; one of this name that is there is left as it is.
 *
 * @throws KubeError when it can't be made for any other reason.
 */
export async function createUnlessThere<T extends KubeObject>(
  client: Pick<KubeClient, 'create'>,
  kind: ResourceKind<T>,
  object: NamedObject,
): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
