import { BACKUP_NOW_ANNOTATION } from '../../api/labels.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { maintenanceObstacle, type Obstacle, type ObstacleFacts } from '../../domain/retention/maintenance-obstacle.ts';
import { RUNS_BY_CLAIM_UID } from '../../engines/mover/backup-context.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { isBackingUp } from '../../engines/volsync/replication-source.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import type { ControllerContext } from '../context.ts';
import { RESTORES_BY_CLAIM_UID } from '../stores.ts';
import type { Subject } from './subject.ts';

/** Before the next backup a maintenance is not begun: it would be broken off. */
const SOON_MILLISECONDS = 5 * 60_000;

/** What keeps a claim's repository from being maintained now, by the local copies; undefined where nothing does. */
export function observeObstacle(context: ControllerContext, subject: Subject): Obstacle | undefined {
  const { status, policy, claim } = subject;
  const { stores, clusterUid, presence, now } = context;
  const restores = stores.volumeRestores.byIndex(RESTORES_BY_CLAIM_UID, claim.metadata.uid);
  return maintenanceObstacle({
    isSuspended: policy.spec.suspend,
    isOurs: status.owner === clusterUid && presence.mayBackUp(policy.spec.destination, now()).kind === 'granted',
    open: status.pruningPausedBecause,
    isRestoring: restores.some((restore) => restore.status?.phase !== 'Completed'),
    backup: backupOf(context, subject),
  });
}

function backupOf(context: ControllerContext, subject: Subject): ObstacleFacts['backup'] {
  const { stores } = context;
  const { namespace, name, uid } = subject.claim.metadata;
  const source = stores.replicationSources.get(objectKey({ namespace, name: nameForClaim(name) }));
  // Its snapshot is there before its mover: whoever waits for the mover would keep it out.
  const { moverJobs, copyClaims, snapshots } = stores;
  const hasRun = [moverJobs, copyClaims, snapshots].some((store) =>
    store.byIndex(RUNS_BY_CLAIM_UID, uid).some(isThere),
  );
  if (hasRun || isBackingUp(source)) return 'running';
  if (!isJudged(source, subject)) return 'unjudged';
  return isDue(context, subject) ? 'due' : 'none';
}

/** What is going is of a run that is over: the storage may take its time with it. */
const isThere = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp === undefined;

function isJudged(source: ReplicationSource | undefined, { status }: Subject): boolean {
  const endedAt = source?.status?.lastSyncTime;
  return typeof endedAt !== 'string' || Date.parse(endedAt) <= Date.parse(status.lastBackupAttemptTime ?? '');
}

function isDue({ now }: ControllerContext, { claim, status }: Subject): boolean {
  const asked = claim.metadata.annotations?.[BACKUP_NOW_ANNOTATION];
  const isAsked = asked !== undefined && asked !== status.lastBackupRequest;
  return isAsked || Date.parse(status.nextBackupTime ?? '') - now() < SOON_MILLISECONDS;
}
