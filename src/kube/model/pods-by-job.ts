import type { Pod } from './built-in-kinds.ts';
import { objectKey } from './kind.ts';

/** Set by Kubernetes on the pods of a Job. */
export const JOB_LABEL = 'batch.kubernetes.io/job-name';

/** Index of pods by the Job that made them, as `namespace/job`. */
export const PODS_BY_JOB = 'job';

/** The Job that a pod says it is of, as `namespace/job`; none for other pods. */
export function jobKeysOf({ metadata: { labels, namespace } }: Pod): string[] {
  const job = labels?.[JOB_LABEL];
  return job === undefined ? [] : [objectKey({ namespace, name: job })];
}
