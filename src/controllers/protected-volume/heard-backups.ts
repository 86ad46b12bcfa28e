import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import type { MoverTrouble } from '../../engines/mover-trouble.ts';
import { moverJobName, SILENCE_MILLISECONDS } from '../../engines/volsync/mover-trouble.ts';
import { isBackingUp } from '../../engines/volsync/replication-source.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import type { Heard, MoverLogWatch } from '../../engines/volsync/mover-log-watch.ts';
import { silence } from '../../engines/volsync/silent-mover.ts';
import { oldestFirst, PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';

export interface HeardBackup {
  /** What the mover said that runs, or ran last. */
  readonly heard?: Heard | undefined;
  readonly silence?: MoverTrouble | undefined;
  /** Absent where no mover runs. */
  readonly lookAgainMilliseconds?: number | undefined;
}

/** Begins to listen to the mover of a backup, and tells what was heard. What failed movers said is read when they have ended. */
export function hearBackup(
  context: ControllerContext,
  logs: MoverLogWatch,
  source: ReplicationSource | undefined,
): HeardBackup {
  if (source === undefined) return {};
  const { namespace, uid = '' } = source.metadata;
  const key = objectKey(source.metadata);
  const pods = context.stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: moverJobName(source) }));
  const isOurs = ({ status, metadata }: Pod): boolean =>
    status?.phase !== 'Failed' && !logs.isForeign(key, metadata.uid);
  const pod = oldestFirst(pods.filter(isOurs)).at(-1);
  if (pod !== undefined) logs.listen(key, pod, uid);
  const heard = logs.heard(key);
  const isRunning = pod?.status?.phase === 'Running';
  return {
    heard,
    silence: silence(context, pod, heard),
    lookAgainMilliseconds: isRunning ? SILENCE_MILLISECONDS : undefined,
  };
}

/** Forgets what was heard of a run that has ended and was looked at: the next one speaks for itself. */
export function forgetHeard(logs: MoverLogWatch, source: ReplicationSource | undefined): void {
  if (source !== undefined && !isBackingUp(source)) logs.forget(objectKey(source.metadata));
}
