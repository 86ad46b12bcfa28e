import { API_GROUP } from '../../api/group.ts';
import { NATURAL_NAMES } from '../../domain/look-report.ts';
import { EXCLUDED_ATTRIBUTES } from '../../domain/restored-attributes.ts';
import type { MoverClient } from './job-labels.ts';
import { buildMoverJob, type MoverJob } from './mover-job.ts';
import {
  LOOK_CONTAINER,
  moverVolumes,
  ownContainer,
  PROVE_CONTAINER,
  resticContainer,
  VOLUME_PATH,
} from './mover-pod.ts';
import type { MoverRepository } from './mover-repository.ts';
import { proverSecurity, readerSecurity, restorerSecurity } from './pod-security.ts';

export interface RestorePlan extends Omit<MoverJob, 'name' | 'annotations'> {
  readonly client: MoverClient & { readonly role: 'restore' };
  readonly attempt: number;
  readonly repository: MoverRepository;
  /** The claim in the movers' namespace that is filled. */
  readonly primeClaimName: string;
  readonly snapshotId: string;
  /**
   * An earlier attempt of ours found the volume empty and wrote into it: what is there now and not in the snapshot is removed.
   * False for a volume that is still to be found empty.
   */
  readonly filledBefore: boolean;
  /** Who may write into the volume's top folder where no record says how that was. */
  readonly topFolderGroup?: number | undefined;
  /** restic reads back every byte that it wrote. */
  readonly verifyContent: boolean;
}

/** On the Job of an attempt to restore: the snapshot. */
const SNAPSHOT_ANNOTATION = `${API_GROUP}/snapshot`;

/** Name of the Job of one attempt to restore; every attempt of every restore has a new one. */
export const restoreJobName = (restoreUid: string, attempt: number): string =>
  `rebound-restore-${restoreUid}-${attempt}`;

function resticArguments({ snapshotId, filledBefore, verifyContent }: RestorePlan): readonly string[] {
  // What a file system or a filer makes itself at the top is left alone.
  const kept = NATURAL_NAMES.flatMap((name) => ['--exclude', `/${name}`]);
  return [
    'restore',
    snapshotId,
    ...['--target', VOLUME_PATH, '--sparse', '--json'],
    ...EXCLUDED_ATTRIBUTES.flatMap((pattern) => ['--exclude-xattr', pattern]),
    ...(filledBefore ? ['--delete', ...kept] : []),
    ...(verifyContent ? ['--verify'] : []),
  ];
}

/**
 * Builds the Job that fills a claim with a snapshot: it sees first that the claim's volume is empty, then restic restores, and
 * then the volume is held against the snapshot, name by name. Each begins only where the one before has ended well.
 *
 * A pod that was evicted is not replaced: its successor would find files of which nobody told it whose they are. The next
 * attempt is told.
 */
export function buildRestoreJob(plan: RestorePlan) {
  const { client, attempt, repository, images, primeClaimName, snapshotId, filledBefore, topFolderGroup } = plan;
  const name = restoreJobName(client.ownerUid, attempt);
  const access = { secretName: name, repository, images };
  const look = ownContainer({ images, readOnly: true, securityContext: readerSecurity }, LOOK_CONTAINER, [
    { name: 'REBOUND_FILLED_BEFORE', value: String(filledBefore) },
  ]);
  const restore = { ...access, readOnly: false, securityContext: restorerSecurity };
  const prove = { ...access, readOnly: false, securityContext: proverSecurity };
  return buildMoverJob(
    { ...plan, name, annotations: { [SNAPSHOT_ANNOTATION]: snapshotId } },
    {
      initContainers: [look, resticContainer(restore, resticArguments(plan))],
      container: ownContainer(prove, PROVE_CONTAINER, [
        { name: 'REBOUND_SNAPSHOT_ID', value: snapshotId },
        ...(topFolderGroup === undefined ? [] : [{ name: 'REBOUND_TOP_FOLDER_GROUP', value: String(topFolderGroup) }]),
      ]),
      volumes: moverVolumes(primeClaimName, name, repository),
      // An application waits for it.
      priorityClassName: 'rebound',
      replaced: false,
    },
  );
}
