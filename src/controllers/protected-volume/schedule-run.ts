import { mayReplaceMover } from '../../domain/mover-replacement.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { backupJobName, hasRunToEnd, runBeganAt } from '../../engines/volsync/replication-source.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { ControllerContext } from '../context.ts';
import { PODS_BY_JOB } from '../../kube/model/pods-by-job.ts';

/** Whether a schedule may be told something that makes the engine replace its mover. */
export function maySetMover({ stores, now }: ControllerContext, schedule: ReplicationSource): boolean {
  return mayReplaceMover({
    busy: !hasRunToEnd(schedule),
    busyMilliseconds: now() - runBeganAt(schedule),
    moverRuns: hasRunningMover({ stores }, schedule),
  });
}

/** Whether a mover of a schedule works just now. */
export function hasRunningMover({ stores }: Pick<ControllerContext, 'stores'>, schedule: ReplicationSource): boolean {
  const { namespace, name } = schedule.metadata;
  const movers = stores.pods.byIndex(PODS_BY_JOB, objectKey({ namespace, name: backupJobName(name) }));
  return movers.some((pod) => pod.status?.phase === 'Running');
}
