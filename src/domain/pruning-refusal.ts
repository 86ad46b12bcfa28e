import type { PruningRefusal } from '../api/protected-volume.ts';

/** For so long a refusal is believed without being tried again. */
const BELIEVED_MILLISECONDS = 7 * 86_400_000;

/** What a run shows of pruning. Times are RFC 3339. */
export type PruningSeen =
  | { readonly kind: 'refused'; readonly time: string; readonly message: string }
  /** It was heard to its end, and nothing was refused. */
  | { readonly kind: 'pruned' };

/** By what a run was made: a change of either is a reason to try again. */
export interface PruningCause {
  /** Name of the Secret with the store's key: another key has another name. */
  readonly secretName: string | undefined;
  /** Value of rebound.dev/backup-now. */
  readonly request: string | undefined;
}

/** What is remembered of a refusal after a look. It ends with a run that prunes, and with nothing else. */
export function afterPruning(
  before: PruningRefusal | undefined,
  seen: PruningSeen | undefined,
  { secretName, request }: PruningCause,
): PruningRefusal | undefined {
  if (seen?.kind === 'pruned') return undefined;
  if (seen === undefined || !isLater(seen.time, before)) return before;
  const { time, message } = seen;
  return {
    time,
    message,
    ...(secretName === undefined ? {} : { secretName }),
    ...(request === undefined ? {} : { request }),
  };
}

const isLater = (time: string, before: PruningRefusal | undefined): boolean =>
  before === undefined || Date.parse(time) > Date.parse(before.time);

/** Milliseconds until pruning is tried again; 0 or less when it is: another key, the user asks for a backup, or it is long ago. */
export function untilPruningIsTried(
  refusal: PruningRefusal,
  { secretName, request }: PruningCause,
  nowMilliseconds: number,
): number {
  const isAnotherKey = secretName !== undefined && refusal.secretName !== secretName;
  const isAsked = request !== undefined && refusal.request !== request;
  if (isAnotherKey || isAsked) return 0;
  return Date.parse(refusal.time) + BELIEVED_MILLISECONDS - nowMilliseconds;
}
