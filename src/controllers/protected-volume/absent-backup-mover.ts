import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { type MoverTrouble, moverJobName, podTrouble } from '../../engines/volsync/mover-trouble.ts';
import { isBackingUp, runBeganAt } from '../../engines/volsync/replication-source.ts';
import { objectKey } from '../../kube/kind.ts';
import type { Pod } from '../../kube/objects.ts';
import { explainAbsentMover, MOVER_PATIENCE_MILLISECONDS } from '../absent-mover.ts';
import type { ControllerContext } from '../context.ts';
import { PODS_BY_JOB } from '../stores.ts';

export interface AbsentBackupMover {
  /** What keeps the mover of a backup under way from beginning; absent where nothing does, or nobody says what. */
  readonly trouble?: MoverTrouble | undefined;
  /** Absent where no mover is waited for. */
  readonly lookAgainMilliseconds?: number | undefined;
}

const LOOK_AGAIN_MILLISECONDS = 30_000;

const hasBegun = ({ status }: Pod): boolean => status?.phase !== undefined && status.phase !== 'Pending';

/**
 * Finds out why a backup has no mover, where none has come after a minute. The engine itself calls such a backup under way, for
 * as long as it lasts.
 */
export async function absentBackupMover(
  context: ControllerContext,
  source: ReplicationSource | undefined,
): Promise<AbsentBackupMover> {
  if (source === undefined || !isBackingUp(source) || source.spec['paused'] === true) return {};
  const { namespace } = source.metadata;
  const pods = context.stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: moverJobName(source) }));
  if (pods.some(hasBegun)) return {};
  const leftMilliseconds = runBeganAt(source) + MOVER_PATIENCE_MILLISECONDS - context.now();
  if (leftMilliseconds > 0) return { lookAgainMilliseconds: leftMilliseconds };
  const pod = pods.at(-1);
  const ofPod = pod === undefined ? undefined : podTrouble(pod, '');
  const trouble = ofPod ?? (await explainAbsentMover(context, source, pod, runBeganAt(source)));
  return { trouble, lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
}
