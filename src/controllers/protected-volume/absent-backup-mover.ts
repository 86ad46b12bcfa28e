import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { lingeringTrouble, MOVER_CONTAINER, moverJobName, podTrouble } from '../../engines/volsync/mover-trouble.ts';
import { isBackingUp, runBeganAt } from '../../engines/volsync/replication-source.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { MOVER_PATIENCE_MILLISECONDS, type MoverTrouble } from '../../engines/mover-trouble.ts';
import { explainAbsentMover } from '../../engines/volsync/absent-mover.ts';
import type { ControllerContext } from '../context.ts';
import { PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';

export interface AbsentBackupMover {
  /** What keeps the mover of a backup under way from beginning, or its pod from ending; absent where nothing does, or nobody says what. */
  readonly trouble?: MoverTrouble | undefined;
  /** Absent where no mover is waited for. */
  readonly lookAgainMilliseconds?: number | undefined;
}

const LOOK_AGAIN_MILLISECONDS = 30_000;

const hasBegun = ({ status }: Pod): boolean => status?.phase !== undefined && status.phase !== 'Pending';

/** Whether others have put containers into a mover's pod: whether they end with it, time tells. */
const hasCompany = (pods: readonly Pod[]): boolean =>
  pods.some(({ status }) => (status?.containerStatuses ?? []).some(({ name }) => name !== MOVER_CONTAINER));

/**
 * Finds out why a backup has no mover, where none has come after a minute, or why it goes on after its mover has ended. The
 * engine itself calls such a backup under way, for as long as it lasts.
 */
export async function absentBackupMover(
  context: ControllerContext,
  source: ReplicationSource | undefined,
): Promise<AbsentBackupMover> {
  if (source === undefined || !isBackingUp(source) || source.spec['paused'] === true) return {};
  const { namespace } = source.metadata;
  const pods = context.stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: moverJobName(source) }));
  const lingering = pods.map((pod) => lingeringTrouble(pod, context.now())).find((one) => one !== undefined);
  if (lingering !== undefined) return { trouble: lingering, lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
  if (pods.some(hasBegun)) return hasCompany(pods) ? { lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS } : {};
  const leftMilliseconds = runBeganAt(source) + MOVER_PATIENCE_MILLISECONDS - context.now();
  if (leftMilliseconds > 0) return { lookAgainMilliseconds: leftMilliseconds };
  const pod = pods.at(-1);
  const ofPod = pod === undefined ? undefined : podTrouble(pod, '');
  const trouble = ofPod ?? (await explainAbsentMover(context, source, pod, runBeganAt(source)));
  return { trouble, lookAgainMilliseconds: LOOK_AGAIN_MILLISECONDS };
}
