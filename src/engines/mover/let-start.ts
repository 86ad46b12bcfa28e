import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import { type Job, jobs } from '../../kube/model/built-in-kinds.ts';
import { giveSecret } from './give-secret.ts';
import type { MoverClient } from './job-labels.ts';
import type { MoverRepository } from './mover-repository.ts';
import { buildMoverSecret } from './mover-secret.ts';

/** Gives a Job that was made suspended its Secret, then lets it start. One that was let start already is left as it is. */
export async function letStart(
  client: Pick<KubeClient, 'create' | 'delete' | 'mergePatch'>,
  job: Job,
  { moverClient, repository }: { readonly moverClient: MoverClient; readonly repository: MoverRepository },
): Promise<void> {
  if (job.spec.suspend !== true) return;
  const { name, uid, resourceVersion } = job.metadata;
  await giveSecret(client, buildMoverSecret({ name, uid }, moverClient, repository));
  const patch = { metadata: { resourceVersion }, spec: { suspend: false } };
  await client.mergePatch(jobs, { namespace: MOVERS_NAMESPACE, name }, patch);
}
