import { type Job, jobs, type Pod, pods } from '../../../src/kube/model/built-in-kinds.ts';

type Ending = { readonly exitCode: number; readonly message?: string; readonly reason?: string };

/** A Job with a condition, or one that goes on. */
export const jobWith = (condition?: string, suspend = false): Job =>
  jobs.parse({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', namespace: 'rebound-movers', uid: 'j', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { suspend },
    status:
      condition === undefined ? {} : { conditions: [{ type: condition, status: 'True', message: 'the Job says so' }] },
  });

/** A Job that somebody has deleted, and that its finalizer keeps. */
export const deletedJob = (suspend = false): Job => {
  const job = jobWith(undefined, suspend);
  return { ...job, metadata: { ...job.metadata, deletionTimestamp: '2026-01-01T00:01:00Z' } };
};

/** A mover's pod whose containers, by name, have ended so; one without an end waits with a reason, or runs. */
export const podWith = (
  init: Readonly<Record<string, Ending | string>>,
  main: Readonly<Record<string, Ending | string>> = {},
  status: object = {},
): Pod => {
  const statusOf = ([name, state]: readonly [string, Ending | string]) => ({
    name,
    ready: false,
    restartCount: 0,
    state: typeof state === 'string' ? { waiting: { reason: state } } : { terminated: state },
  });
  return pods.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', namespace: 'rebound-movers', uid: 'p', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [] },
    status: {
      initContainerStatuses: Object.entries(init).map(statusOf),
      containerStatuses: Object.entries(main).map(statusOf),
      ...status,
    },
  });
};
