import type { MoverTrouble } from '../mover-trouble.ts';
import { SILENCE_MILLISECONDS, silentMover } from './mover-trouble.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { VolSyncContext } from './context.ts';
import type { Heard } from './mover-log-watch.ts';

/** What is wrong with a mover that runs, and was not heard for long; absent where nothing is, or nobody listens. */
export function silence(
  { now }: Pick<VolSyncContext, 'now'>,
  pod: Pod | undefined,
  heard: Heard | undefined,
): MoverTrouble | undefined {
  if (heard === undefined || heard.ended || heard.succeeded || pod?.status?.phase !== 'Running') return undefined;
  return now() - heard.heardAtMilliseconds >= SILENCE_MILLISECONDS ? silentMover : undefined;
}
