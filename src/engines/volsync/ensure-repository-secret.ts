import { repositorySecretName } from '../../domain/object-names.ts';
import { buildRepositorySecret } from './repository-secret.ts';
import { createUnlessThere } from '../../kube/create-unless-there.ts';
import type { OwnerReference } from '../../kube/model/kind.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import type { VolSyncContext } from './context.ts';
import { type RepositoryAccess, secretDigest } from '../../repositories/access.ts';

/** For which object of the engine a Secret is, and what it says. */
export interface SecretPlan {
  readonly engineObjectName: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly access: RepositoryAccess;
}

/** The name of the Secret with this content. */
export const secretNameOf = ({ engineObjectName, owner, access }: SecretPlan): string =>
  repositorySecretName(engineObjectName, secretDigest(access, owner.uid));

/**
 * Makes the Secret, unless it is there. It is never read and never changed, so no right to do either is needed: its name can
 * only be known to who made it, and says what is in it.
 */
export async function createRepositorySecret(context: Pick<VolSyncContext, 'client'>, plan: SecretPlan): Promise<void> {
  const { namespace, owner, access } = plan;
  const { url, password, environment, caPem } = access;
  const secret = buildRepositorySecret({
    name: secretNameOf(plan),
    namespace,
    owner,
    url,
    password,
    environment,
    caPem,
  });
  await createUnlessThere(context.client, secrets, secret);
}
