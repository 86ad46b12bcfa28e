import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { RestoreForesight } from '../../api/restore-foresight.ts';
import type { SnapshotReference } from '../../api/snapshot.ts';
import { TreeSurvey } from '../../domain/tree-survey.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { walkTree } from '../../repositories/restic/walk-tree.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { openRepository } from '../../repositories/access.ts';

export interface LookTools {
  readonly context: ControllerContext;
  readonly cache: RepositoryCache;
}

/** A claim's backup to be looked into. */
export interface BackupToSee {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  readonly lastBackup: SnapshotReference;
}

/** What a look gave; `failed` says why there was none, and that another may succeed. */
export type BackupLook = Pick<RestoreForesight, 'snapshot' | 'tree' | 'unread'> | { readonly failed: string };

/** Looks through what the newest backup of a claim holds, as far as the walk's limits reach. */
export async function lookIntoBackup(
  { context, cache }: LookTools,
  { claim, volume, lastBackup }: BackupToSee,
): Promise<BackupLook> {
  const policy = context.stores.policies.get(volume.spec.policyName);
  if (policy === undefined) return { failed: `there is no BackupPolicy ${volume.spec.policyName}` };
  const opened = openRepository(context, policy.spec.destination, claim.metadata);
  if (!opened.ok) return { failed: opened.message };
  const { destination, path: repositoryPath, password } = opened.access;
  const survey = new TreeSurvey();
  const walk = await walkTree(
    { destination, repositoryPath, password, cache },
    lastBackup.id,
    (entry) => survey.note(entry),
    {
      timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS,
    },
  );
  switch (walk.kind) {
    case 'walked':
      return { snapshot: lastBackup, tree: survey.facts(walk.whole) };
    case 'unknown':
      return { snapshot: lastBackup, unread: walk.message };
    case 'failed':
      return { failed: walk.message };
  }
}
