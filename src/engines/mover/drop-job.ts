import type { KubeClient } from '../../kube/client/client.ts';
import { isNotFound } from '../../kube/client/errors.ts';
import { type Job, jobs } from '../../kube/model/built-in-kinds.ts';
import { UNREAD_FINALIZER } from './job-labels.ts';

/** Removes a Job whose result is needed no more, and with it its Secret and its pod, which is asked to end. */
export async function dropJob(client: Pick<KubeClient, 'mergePatch' | 'delete'>, { metadata }: Job): Promise<void> {
  const { namespace, name, uid, finalizers = [] } = metadata;
  const ref = { namespace, name };
  await client.delete(jobs, ref, { propagationPolicy: 'Background', preconditions: { uid } });
  if (!finalizers.includes(UNREAD_FINALIZER)) return;
  const others = finalizers.filter((one) => one !== UNREAD_FINALIZER);
  try {
    await client.mergePatch(jobs, ref, { metadata: { uid, finalizers: others } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
