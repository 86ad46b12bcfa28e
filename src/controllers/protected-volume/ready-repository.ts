import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { mendRepositoryKeys } from '../repository-keys.ts';

/**
 * Makes a claim's repository one that movers can write into. It is there before any mover is: movers that initialise it at the same time
 * would lock each other out.
 *
 * @returns why it can't be done, a sentence; undefined where it was.
 */
export async function readyRepository(
  context: ControllerContext,
  claim: PersistentVolumeClaim,
  access: RepositoryAccess,
): Promise<string | undefined> {
  const { destination, path, password } = access;
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const repository = await context.repositories.ensure({ destination, repositoryPath: path, password }, options);
  if (!repository.ok) return `repository ${path} could not be initialised: ${repository.message}`;
  const keys = repository.value === 'found' ? await mendRepositoryKeys(context, claim, access) : repository;
  return keys.ok ? undefined : `the keys of repository ${path} could not be looked at: ${keys.message}`;
}
