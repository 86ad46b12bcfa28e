import { MOVERS_NAMESPACE } from '../../../src/api/group.ts';
import type { MoverTask } from '../../../src/domain/queue/mover.ts';
import { moverAnnotations, moverLabels } from '../../../src/engines/mover/job-labels.ts';
import { jobs } from '../../../src/kube/model/built-in-kinds.ts';
import type { ApiServer } from '../kube/api-server.ts';

const roles = { restore: 'restore', backup: 'backup', maintenance: 'maintain' } as const;

/** Labels and annotations of what a mover has that works for a claim of this name and UID. */
export function moverMetadata(name: string, task: MoverTask) {
  const client = { role: roles[task], claim: { namespace: 'shop', name, uid: name }, ownerUid: `owner-of-${name}` };
  return { labels: moverLabels(client), annotations: moverAnnotations(client) };
}

export const workingJobRef = (name: string, task: MoverTask = 'backup') => ({
  namespace: MOVERS_NAMESPACE,
  name: `${task}-${name}`,
});

/** A mover works for the claim of this name. */
export function makeWorkingJob(server: ApiServer, name: string, task: MoverTask = 'backup'): void {
  const metadata = { ...workingJobRef(name, task), ...moverMetadata(name, task) };
  server.create(jobs, { metadata, spec: { suspend: false } });
}

/** It ends well. */
export function endWorkingJob(server: ApiServer, name: string, task: MoverTask = 'backup'): void {
  server.change(jobs, workingJobRef(name, task), (object) => {
    object['status'] = { conditions: [{ type: 'Complete', status: 'True' }] };
  });
}
