import type { RunningAttempt } from '../../engines/engine.ts';
import {
  type MoverProgress,
  passesMilestone,
  progressAfter,
  progressInWords,
  type RestoreProgress,
} from '../../domain/restore-progress.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { tell } from '../context.ts';
import { engineOf, ENGINE_LOOK_MILLISECONDS, type Scene, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

const PROGRESS_MILLISECONDS = 10_000;

/** An attempt that nothing is wrong with. */
interface WorkingAttempt {
  readonly attempt: number;
  readonly running: RunningAttempt;
  /** What it does, in words. */
  readonly message: string;
}

/** Shows that an attempt is under way, and how far it is where its mover says so; what an earlier look recorded has passed. */
export async function showProgress(tools: Tools, scene: Scene, working: WorkingAttempt): Promise<Stop> {
  const { context } = tools;
  const { restore, claim } = scene;
  const { attempt, message } = working;
  const tells = engineOf(tools, restore).progress !== undefined && working.running.moverRuns;
  const said = tells ? await heard(tools, scene, attempt) : undefined;
  const before = restore.status?.progress;
  const progress = progressNow(before, attempt, said, context.now());
  const words = progress === undefined ? message : `${message} ${progressInWords(progress)}.`;
  const status = progress === undefined ? {} : { progress };
  await recordProgress(context, restore, { status, reason: 'Restoring', message: words });
  if (progress !== undefined && passesMilestone(before, progress)) tell(context, claim, 'RestoreProgressing', words);
  return { result: requeueAfter(tells ? PROGRESS_MILLISECONDS : ENGINE_LOOK_MILLISECONDS) };
}

/** What was said just now, or last; a restore that is looked at more often is not written more often. */
function progressNow(
  known: RestoreProgress | undefined,
  attempt: number,
  said: MoverProgress | undefined,
  nowMilliseconds: number,
): RestoreProgress | undefined {
  const before = known?.attempt === attempt ? known : undefined;
  const isFresh = before !== undefined && nowMilliseconds - Date.parse(before.time) < PROGRESS_MILLISECONDS;
  return said === undefined || isFresh ? before : progressAfter(before, { ...said, attempt, nowMilliseconds });
}

/** Nothing depends on it: a log that can't be read now is read the next time. */
async function heard(tools: Tools, { restore }: Scene, attempt: number): Promise<MoverProgress | undefined> {
  try {
    return await engineOf(tools, restore).progress?.({ restore, attempt });
  } catch (error) {
    tools.context.log.debug(
      { err: error, restore: restore.metadata.name },
      'the progress of a mover could not be read',
    );
    return undefined;
  }
}
