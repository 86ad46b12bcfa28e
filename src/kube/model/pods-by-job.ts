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

const bornAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp);

/** A Job keeps the pods of failed tries beside that of the last. */
export const oldestFirst = (pods: readonly Pod[]): readonly Pod[] => pods.toSorted((a, b) => bornAt(a) - bornAt(b));
