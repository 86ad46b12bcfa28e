import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import { type Job, jobs } from '../../kube/model/built-in-kinds.ts';
import { giveSecret } from './give-secret.ts';
import type { MoverClient } from './job-labels.ts';
import type { MoverRepository } from './mover-repository.ts';
import { buildMoverSecret } from './mover-secret.ts';

/**
 * Gives a Job that was made suspended its Secret, then lets it start. One that was let start already is left as it is. That Kubernetes
 * notes meanwhile in its status that it is suspended changes nothing: it has to be the same Job, not the same version of it.
 *
 * @throws KubeError when it is another one by now, or can't be written.
 */
export async function letStart(
  client: Pick<KubeClient, 'create' | 'delete' | 'mergePatch'>,
  job: Job,
  { moverClient, repository }: { readonly moverClient: MoverClient; readonly repository: MoverRepository },
): Promise<void> {
  if (job.spec.suspend !== true) return;
  const { name, uid } = job.metadata;
  await giveSecret(client, buildMoverSecret({ name, uid }, moverClient, repository));
  await client.mergePatch(jobs, { namespace: MOVERS_NAMESPACE, name }, { metadata: { uid }, spec: { suspend: false } });
}
