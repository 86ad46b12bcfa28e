import { runTags } from '../../domain/run-tags.ts';
import type { MoverClient } from './job-labels.ts';
import { buildMoverJob, type MoverJob } from './mover-job.ts';
import {
  LOOK_CONTAINER,
  moverVolumes,
  ownContainer,
  RECORD_CONTAINER,
  resticContainer,
  VOLUME_PATH,
} from './mover-pod.ts';
import type { MoverRepository } from './mover-repository.ts';
import { readerSecurity } from './pod-security.ts';

export interface BackupPlan extends MoverJob {
  readonly client: MoverClient & { readonly role: 'backup' };
  readonly repository: MoverRepository;
  /** The claim in the movers' namespace that has the copy of the volume. */
  readonly copyClaimName: string;
  /** When the copy was taken. */
  readonly takenMilliseconds: number;
  /** The last good snapshot: what did not change since is not read again. */
  readonly parentId?: string | undefined;
  /** Patterns of restic (https://restic.readthedocs.io, "Excluding files") that the user leaves out. */
  readonly excludes: readonly string[];
}

/** The host name that all repositories know volumes by, whatever engine wrote them. */
const REPOSITORY_HOST = 'volsync';

/** How long it waits for one that has the repository for itself: a maintenance of it, which ends by itself. */
const LOCK_PATIENCE = '10m';

/** The variable that holds the Job's UID, by a label that the Job controller gives its pods (Kubernetes, batch/v1). */
const RUN_VARIABLE = 'REBOUND_RUN_ID';
const runVariable = {
  name: RUN_VARIABLE,
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } },
} as const;

/** As restic takes times, which are local ones: `2006-01-02 15:04:05`. */
const resticTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');

/** The kubelet expands `$(NAME)` in arguments, and `$$` to `$`. */
const literal = (argument: string): string => argument.replaceAll('$', '$$$$');

function resticArguments(plan: BackupPlan): readonly string[] {
  const { client, clusterUid, takenMilliseconds, parentId, excludes } = plan;
  const { namespace, name: claim } = client.claim;
  const tags = runTags({ run: `$(${RUN_VARIABLE})`, cluster: clusterUid, namespace, claim });
  return [
    ...['backup', '.', '--json', '--host', REPOSITORY_HOST],
    ...['--retry-lock', LOCK_PATIENCE],
    ...tags.flatMap((tag) => ['--tag', tag]),
    ...['--time', resticTime(takenMilliseconds)],
    ...(parentId === undefined ? [] : ['--parent', parentId]),
    `--exclude=${VOLUME_PATH}/lost+found`,
    ...excludes.map((pattern) => `--exclude=${literal(pattern)}`),
  ];
}

/**
 * Builds the Job of one backup run: where the copy of the volume holds a file, restic adds a snapshot of it, and only where that
 * ended with 0 a record of the run is written beside the repository. Nothing is ever removed.
 */
export function buildBackupJob(plan: BackupPlan) {
  const { name, client, clusterUid, repository, images, copyClaimName } = plan;
  const container = { secretName: name, repository, images, readOnly: true, securityContext: readerSecurity };
  const look = ownContainer({ images, readOnly: true, securityContext: readerSecurity }, LOOK_CONTAINER, [
    { name: 'REBOUND_LOOK_FOR', value: 'files' },
  ]);
  const restic = resticContainer(container, resticArguments(plan), [
    runVariable,
    // Each copy is another device: without, all directories would be stored anew each time.
    { name: 'RESTIC_FEATURES', value: 'device-id-for-hardlinks' },
    { name: 'TZ', value: 'UTC' },
  ]);
  const record = ownContainer(container, RECORD_CONTAINER, [
    runVariable,
    { name: 'REBOUND_CLUSTER_UID', value: clusterUid },
    { name: 'REBOUND_CLAIM_NAMESPACE', value: client.claim.namespace },
    { name: 'REBOUND_CLAIM_NAME', value: client.claim.name },
  ]);
  return buildMoverJob(plan, {
    initContainers: [look, restic],
    container: record,
    volumes: moverVolumes(copyClaimName, name, repository),
    replaced: true,
  });
}
