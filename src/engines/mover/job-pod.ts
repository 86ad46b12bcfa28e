import { type Job, type Pod } from '../../kube/model/built-in-kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { oldestFirst, PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';
import type { MoverContext } from './context.ts';

/** The pods of a Job, oldest first. */
export function podsOf({ stores }: Pick<MoverContext, 'stores'>, job: Job): readonly Pod[] {
  const pods = stores.pods
    .byIndex(PODS_BY_JOB, objectKey(job.metadata))
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) ?? false);
  return oldestFirst(pods);
}

/** The newest pod of a Job; a Job starts one at a time. */
export const podOf = (context: Pick<MoverContext, 'stores'>, job: Job): Pod | undefined => podsOf(context, job).at(-1);
