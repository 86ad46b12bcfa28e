import { API_GROUP } from '../../api/group.ts';
import type { Job } from '../../kube/model/built-in-kinds.ts';
import type { MaintenanceBasis } from '../maintenance.ts';
import type { MoverClient } from './job-labels.ts';
import { buildMoverJob, type MoverJob } from './mover-job.ts';
import { FORGET_CONTAINER, repositoryContainer, repositoryVolumes, RESTIC_CONTAINER } from './mover-pod.ts';
import type { MoverRepository } from './mover-repository.ts';
import { keeperSecurity } from './pod-security.ts';

export interface MaintenanceJobPlan extends Omit<MoverJob, 'name' | 'annotations' | 'placement'> {
  readonly client: MoverClient & { readonly role: 'maintain' };
  readonly repository: MoverRepository;
  /** Ids of the snapshots that are removed, all 64 digits of each; none where only the space of former ones is freed. */
  readonly snapshotIds: readonly string[];
  readonly basis: MaintenanceBasis;
}

const RULES_ANNOTATION = `${API_GROUP}/retention`;
const REQUEST_ANNOTATION = `${API_GROUP}/request`;

/** What a Job was planned by; no rules where somebody took them off it. */
export function basisOfJob({ metadata: { annotations } }: Job): MaintenanceBasis {
  const request = annotations?.[REQUEST_ANNOTATION];
  return { rules: annotations?.[RULES_ANNOTATION] ?? '', ...(request === undefined ? {} : { request }) };
}

/** Name of the Job that maintains the repository of a protected volume: one at a time. */
export const maintenanceJobName = (volumeUid: string): string => `rebound-maintain-${volumeUid}`;

/**
 * What may stay unused in packs that are partly in use: less is not worth the copying
 * (https://restic.readthedocs.io, "Customize pruning").
 */
const PRUNE = ['prune', '--max-unused', '10%'] as const;

/**
 * Builds the Job that removes snapshots from a repository, these and no others, and then frees what only they needed. restic's own
 * rules are not used: they would count the snapshots of each engine apart. It has no volume.
 */
export function buildMaintenanceJob(plan: MaintenanceJobPlan) {
  const { client, repository, images, snapshotIds, basis } = plan;
  const name = maintenanceJobName(client.ownerUid);
  const container = { secretName: name, repository, images, securityContext: keeperSecurity };
  const request = basis.request === undefined ? {} : { [REQUEST_ANNOTATION]: basis.request };
  const annotations = { [RULES_ANNOTATION]: basis.rules, ...request };
  return buildMoverJob(
    { ...plan, name, placement: {}, annotations },
    {
      initContainers:
        snapshotIds.length === 0 ? [] : [repositoryContainer(container, FORGET_CONTAINER, ['forget', ...snapshotIds])],
      container: repositoryContainer(container, RESTIC_CONTAINER, PRUNE),
      volumes: repositoryVolumes(name, repository),
      replaced: false,
    },
  );
}
