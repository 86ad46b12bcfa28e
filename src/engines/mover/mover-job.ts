import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { type MoverClient, moverAnnotations, moverLabels, UNREAD_FINALIZER, withoutMesh } from './job-labels.ts';
import {
  MOVER_ACCOUNT,
  type MoverContainer,
  type MoverImages,
  type MoverPlacement,
  RESTIC_CONTAINER,
} from './mover-pod.ts';
import { podSecurity } from './pod-security.ts';

/** What all movers' Jobs have in common. */
export interface MoverJob {
  readonly name: string;
  readonly client: MoverClient;
  /** Of the cluster's namespace kube-system. */
  readonly clusterUid: string;
  readonly images: MoverImages;
  readonly placement: MoverPlacement;
  /** Further ones of the Job itself. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A host name's length (hostname(7)). */
const LONGEST_HOST_NAME = 63;
const CLUSTER_DIGITS = 8;

/** How the locks of a mover name it: the cluster and the Job, in 63 letters. */
export const moverHostName = (clusterUid: string, jobName: string): string =>
  `${clusterUid.slice(0, CLUSTER_DIGITS)}-${jobName.replace(/^rebound-/, '')}`
    .slice(0, LONGEST_HOST_NAME)
    .replace(/[^a-z0-9]+$/, '');

/** Exit codes of restic 0.18 (cmd/restic/main.go) after which another try meets the same: incomplete, no repository, locked, wrong password. */
const FINAL_EXIT_CODES = [3, 10, 11, 12] as const;

const failOnFinalExit = {
  action: 'FailJob',
  onExitCodes: { containerName: RESTIC_CONTAINER, operator: 'In', values: FINAL_EXIT_CODES },
} as const;

const ignoreDisruption = {
  action: 'Ignore',
  onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
} as const;

interface PodParts {
  readonly initContainers: readonly MoverContainer[];
  readonly container: MoverContainer;
  readonly volumes: readonly object[];
  readonly priorityClassName?: string | undefined;
  /** Whether a pod that was evicted is replaced by the same Job. */
  readonly replaced: boolean;
}

/**
 * Builds a Job that starts one pod, once. It is made suspended, so that its Secret can belong to it before a pod needs that; it stays
 * until its result was read, and nothing but its reader removes it. A pod is replaced only once it has ended: two never
 * write one volume.
 */
export function buildMoverJob(job: MoverJob, parts: PodParts) {
  const { name, client, clusterUid, images, placement } = job;
  const labels = moverLabels(client);
  const annotations = moverAnnotations(client);
  const { initContainers, container, volumes, priorityClassName, replaced } = parts;
  const pullSecrets = (images.pullSecrets ?? []).map((secret) => ({ name: secret }));
  return {
    metadata: {
      name,
      namespace: MOVERS_NAMESPACE,
      labels,
      annotations: { ...annotations, ...job.annotations },
      finalizers: [UNREAD_FINALIZER],
    },
    spec: {
      suspend: true,
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules: replaced ? [failOnFinalExit, ignoreDisruption] : [failOnFinalExit] },
      template: {
        metadata: {
          labels: { ...labels, ...withoutMesh.labels },
          annotations: { ...annotations, ...withoutMesh.annotations },
        },
        spec: {
          ...placement,
          restartPolicy: 'Never',
          hostname: moverHostName(clusterUid, name),
          serviceAccountName: MOVER_ACCOUNT,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // restic takes its lock away when it is asked to end.
          terminationGracePeriodSeconds: 30,
          securityContext: podSecurity,
          ...(priorityClassName === undefined ? {} : { priorityClassName }),
          ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
          initContainers,
          containers: [container],
          volumes,
        },
      },
    },
  };
}
