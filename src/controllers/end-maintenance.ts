import { CLAIM_ANNOTATION, MAINTAIN_ROLE, ROLE_LABEL } from '../api/labels.ts';
import { dropJob } from '../engines/mover/drop-job.ts';
import { objectKey } from '../kube/model/kind.ts';
import type { ControllerContext } from './context.ts';

/**
 * Ends what removes old snapshots from a claim's repository: a restore does not wait for that. restic unlocks the repository when it is
 * asked to end, and what it has not removed by then is removed another time.
 */
export async function endMaintenance(
  { client, stores }: Pick<ControllerContext, 'client' | 'stores'>,
  claim: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const key = objectKey(claim);
  for (const job of stores.moverJobs.list()) {
    const { labels, annotations } = job.metadata;
    if (labels?.[ROLE_LABEL] === MAINTAIN_ROLE && annotations?.[CLAIM_ANNOTATION] === key) await dropJob(client, job);
  }
}
