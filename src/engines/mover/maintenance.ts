import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import { isAlreadyExists, KubeError } from '../../kube/client/errors.ts';
import { type Job, jobs, type Pod } from '../../kube/model/built-in-kinds.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import type { Maintenance, MaintenancePlan, MaintenanceState, MaintenanceWords } from '../maintenance.ts';
import { refusedDeletion } from '../refused-deletion.ts';
import type { MoverContext } from './context.ts';
import { dropJob } from './drop-job.ts';
import type { MoverClient } from './job-labels.ts';
import { podOf } from './job-pod.ts';
import { letStart } from './let-start.ts';
import { basisOfJob, buildMaintenanceJob, maintenanceJobName } from './maintenance-job.ts';
import { readMaintenanceRun, snapshotsToRemove } from './maintenance-run.ts';
import { endOf } from './container-end.ts';
import { moverRepository } from './mover-repository.ts';
import { FORGET_CONTAINER, RESTIC_CONTAINER } from './mover-pod.ts';
import { freedBytes } from './prune-log.ts';

/** Its last lines say what it has done. */
const LOG_LINES = 500;

const jobRef = (volume: ProtectedVolume) => ({
  namespace: MOVERS_NAMESPACE,
  name: maintenanceJobName(ownerReference(volume).uid),
});

async function start(context: MoverContext, plan: MaintenancePlan, resticImage: string): Promise<void> {
  const { client, clusterUid } = context;
  const { volume, claim, access, snapshotIds, basis } = plan;
  const moverClient: MoverClient & { readonly role: 'maintain' } = {
    role: 'maintain',
    claim,
    ownerUid: ownerReference(volume).uid,
  };
  const repository = moverRepository(access);
  const image = { image: resticImage };
  const images = { own: image, restic: image };
  const desired = buildMaintenanceJob({ client: moverClient, clusterUid, images, repository, snapshotIds, basis });
  try {
    await letStart(client, await client.create(jobs, desired), { moverClient, repository });
  } catch (error) {
    // What the one that is there was told is another question: it is looked at once the local copy has it.
    if (!isAlreadyExists(error)) throw error;
  }
}

function observe(context: MoverContext, volume: ProtectedVolume): MaintenanceState {
  const job = context.stores.moverJobs.get(objectKey(jobRef(volume)));
  if (job === undefined) return { kind: 'absent' };
  const pod = podOf(context, job);
  const run = readMaintenanceRun(job, pod);
  const over = {
    jobUID: job.metadata.uid,
    basis: basisOfJob(job),
    snapshotIds: snapshotsToRemove(job),
    listen: () => listen(context, pod),
  };
  switch (run.kind) {
    case 'suspended':
      return { kind: 'suspended', waitedMilliseconds: context.now() - startOf(job) };
    case 'running':
      return { kind: 'running', waitedMilliseconds: context.now() - startOf(job), stuck: run.stuck, ...over };
    case 'ended':
      return { kind: 'ended', ...over };
    case 'failed':
      return { kind: 'failed', message: run.failure.message, ...over };
  }
}

const startOf = ({ metadata, status }: Job): number => Date.parse(status?.startTime ?? metadata.creationTimestamp);

/** Nothing where the pod is gone. */
async function listen({ client }: MoverContext, pod: Pod | undefined): Promise<MaintenanceWords> {
  if (pod === undefined) return {};
  const log = async (container: string): Promise<string> => {
    if (endOf(pod, container) === undefined) return '';
    const lines: string[] = [];
    try {
      for await (const line of client.podLogs(pod.metadata, { container, tailLines: LOG_LINES })) lines.push(line);
    } catch (error) {
      // Its node is gone, perhaps: what it did the repository says.
      if (!(error instanceof KubeError)) throw error;
    }
    return lines.join('\n');
  };
  const [forgotten, pruned] = [await log(FORGET_CONTAINER), await log(RESTIC_CONTAINER)];
  return { freedBytes: freedBytes(pruned), refusal: refusedDeletion(forgotten) ?? refusedDeletion(pruned) };
}

/**
 * Maintains repositories by movers of our own: a Job for each time, in the movers' namespace.
 *
 * @param resticImage one that has `restic` in its search path.
 */
export function moverMaintenance(context: MoverContext, resticImage: string): Maintenance {
  return {
    start: (plan) => start(context, plan, resticImage),
    observe: (volume) => observe(context, volume),
    discard: async (volume) => {
      const job = await context.client.get(jobs, jobRef(volume));
      if (job !== undefined) await dropJob(context.client, job);
    },
  };
}
