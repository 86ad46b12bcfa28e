import type { KubeClient } from '../../kube/client/client.ts';
import { isAlreadyExists } from '../../kube/client/errors.ts';
import { type Job, jobs } from '../../kube/model/built-in-kinds.ts';
import { dropJob } from './drop-job.ts';
import type { MoverClient } from './job-labels.ts';
import { letStart } from './let-start.ts';
import type { buildMoverJob } from './mover-job.ts';
import type { MoverRepository } from './mover-repository.ts';

type Client = Pick<KubeClient, 'get' | 'create' | 'mergePatch' | 'delete'>;

/** Makes a Job, then its Secret, then lets it start; goes on where a process died in between. */
export async function startMover(
  client: Client,
  desired: ReturnType<typeof buildMoverJob>,
  { client: moverClient, repository }: { readonly client: MoverClient; readonly repository: MoverRepository },
): Promise<void> {
  const job = await makeJob(client, desired);
  if (job !== undefined) await letStart(client, job, { moverClient, repository });
}

/** The Job as it is now; undefined where one for something else had to be removed first. */
async function makeJob(client: Client, desired: ReturnType<typeof buildMoverJob>): Promise<Job | undefined> {
  try {
    return await client.create(jobs, desired);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const { namespace, name, annotations } = desired.metadata;
  const present = await client.get(jobs, { namespace, name });
  const isWanted = Object.entries(annotations).every(([key, value]) => present?.metadata.annotations?.[key] === value);
  if (present === undefined || isWanted || present.spec.suspend !== true) return present;
  // What it is to do was chosen anew since, and a Job's pods can't be changed; this one has had none.
  await dropJob(client, present);
  return undefined;
}
