import type { ControllerContext } from '../context.ts';
import type { BackupScene } from './backup.ts';
import type { EnsuredSchedule } from './ensure-schedule.ts';
import { ownershipOf, removeSchedule } from './schedule-owner.ts';
import { maySetMover } from './schedule-run.ts';

const LOOK_AGAIN_MILLISECONDS = 30_000;
const COPY_LAG_MILLISECONDS = 1_000;

/** Removes a claim's schedules, with their Secrets, where another engine is to back it up: each once its run has ended. */
export async function retireSchedule(
  context: ControllerContext,
  { protection: { source, formerSource }, volume }: BackupScene,
): Promise<EnsuredSchedule> {
  const schedules = [...new Set([source, formerSource])]
    .filter((one) => one !== undefined)
    .filter((one) => ownershipOf(one, volume) !== 'foreign');
  const ended = schedules.filter((one) => maySetMover(context, one));
  for (const one of ended) await removeSchedule(context, one);
  const isDone = ended.length === schedules.length;
  return { status: {}, waitMilliseconds: isDone ? COPY_LAG_MILLISECONDS : LOOK_AGAIN_MILLISECONDS };
}
