import type { KubeClient } from '../../kube/client/client.ts';
import { jobs, type Pod } from '../../kube/model/built-in-kinds.ts';

/**
 * Whether a pod was made by the Job that the engine made for one of its objects. A label alone says nothing: whoever may
 * create pods chooses their labels.
 *
 * @throws KubeError when the Job cannot be read.
 */
export async function isMoverOf(client: Pick<KubeClient, 'get'>, pod: Pod, engineUID: string): Promise<boolean> {
  const owner = pod.metadata.ownerReferences?.find((one) => one.kind === 'Job' && one.controller === true);
  if (owner === undefined) return false;
  const job = await client.get(jobs, { namespace: pod.metadata.namespace, name: owner.name });
  if (job?.metadata.uid !== owner.uid) return false;
  return job.metadata.ownerReferences?.some((one) => one.uid === engineUID && one.controller === true) ?? false;
}
