import { join } from 'node:path';
import { nameForClaim } from '../../../src/domain/object-names.ts';
import { repositoryPassword } from '../../../src/domain/repository-password.ts';
import { type LoadRequest, mergePatch } from '../world/api-load.ts';
import { masterPassword } from '../world/bench-plane.ts';
import { type ClaimName, namespaceNames } from './claims.ts';
import { type RepositoryBase, writeRepository, writeRepositoryBase } from './small-repository.ts';

/** When the backups that are played ended, and when their snapshots were taken. RFC 3339. */
const snapshotTime = '2026-01-05T07:08:09Z';
const endTime = '2026-01-05T07:08:16Z';
const nextTime = '2026-01-05T08:08:00Z';

/**
 * Writes, as VolSync's movers would have, one repository with one snapshot per claim.
 * @param destinationFolder the folder of the destination's prefix in the store.
 * @returns the snapshot ids, in the order of the claims.
 */
export function writeRepositories(claims: readonly ClaimName[], destinationFolder: string): string[] {
  const bases = new Map<string, RepositoryBase>(
    namespaceNames(claims).map((namespace) => [
      namespace,
      writeRepositoryBase(join(destinationFolder, '.bench', namespace), repositoryPassword(masterPassword, namespace)),
    ]),
  );
  return claims.map(({ namespace, name }) => {
    const base = bases.get(namespace);
    if (base === undefined) throw new Error(`namespace ${namespace} has no repository to start from`);
    return writeRepository(base, join(destinationFolder, namespace, name), snapshotTime);
  });
}

/** What VolSync 0.14 writes into the status of a ReplicationSource when a scheduled backup has ended. */
export function backupEnded({ namespace, name }: ClaimName, snapshotId: string): LoadRequest {
  const path = `/apis/volsync.backube/v1alpha1/namespaces/${namespace}/replicationsources/${nameForClaim(name)}/status`;
  return mergePatch(path, {
    status: {
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'WaitingForSchedule',
          message: 'Waiting for next scheduled synchronization',
          lastTransitionTime: endTime,
        },
      ],
      lastSyncDuration: '7.535974067s',
      lastSyncTime: endTime,
      nextSyncTime: nextTime,
      latestMoverStatus: {
        result: 'Successful',
        logs: [
          'using parent snapshot 355e0d96',
          'Added to the repository: 63.026 KiB (11.454 KiB stored)',
          'processed 1002 files, 262.000 MiB in 0:02',
          `snapshot ${snapshotId.slice(0, 8)} saved`,
          'Restic completed in 4s',
        ].join('\n'),
      },
      restic: { lastPruned: endTime },
    },
  });
}
