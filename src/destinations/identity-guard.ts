import type { CallOptions, IdentityReading } from './destination.ts';
import { failure, success, type Outcome } from './outcome.ts';
import { withinLimit } from './time-limit.ts';

export type IdentityGuardOptions = {
  /** Identity that the store must have; absent: the destination was never initialised, so nothing it says counts. */
  readonly expectedIdentity: string | undefined;
  /** How long a reading that was right stays good, counted from when it was begun. */
  readonly freshMilliseconds: number;
  readonly read: (options: { readonly timeoutMilliseconds: number }) => Promise<IdentityReading>;
  /** A monotonic clock. */
  readonly nowMilliseconds: () => number;
  /** Names the store in messages. */
  readonly description: string;
};

export interface IdentityGuard {
  /** Succeeds when the store was seen to have the expected identity, lately or just now. Never throws. */
  verify(options: CallOptions): Promise<Outcome<undefined>>;
}

// A shared reading may not end too early for those who joined it, nor hang long after its connection went dead.
const SHARED_READING_MILLISECONDS = { least: 2_000, most: 10_000 };

const sharedLimit = (timeoutMilliseconds: number): number =>
  Math.min(Math.max(timeoutMilliseconds, SHARED_READING_MILLISECONDS.least), SHARED_READING_MILLISECONDS.most);

const judge = (reading: IdentityReading, expected: string, description: string): Outcome<undefined> => {
  if (reading.kind === 'unknown') return failure(reading.reason, reading.message);
  if (reading.kind === 'missing') {
    return failure(
      'IdentityMissing',
      `the store ${description} holds no .rebound/destination.json, but destination ${expected} is expected: ` +
        'it is another store, or it was emptied. Nothing it says about backups counts',
    );
  }
  if (reading.identity.id === expected) return success(undefined);
  return failure(
    'WrongIdentity',
    `the store ${description} is destination ${reading.identity.id}, but ${expected} is expected. ` +
      'Nothing it says about backups counts',
  );
};

/**
 * Watches that the store is the expected destination. Callers at the same time share one reading, and a right one is
 * good for a while; a wrong or unknown one is never kept. A caller that gives up does not end the others' reading.
 */
export const createIdentityGuard = (options: IdentityGuardOptions): IdentityGuard => {
  let verifiedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<Outcome<undefined>> | undefined;

  const readAndJudge = async (expected: string, timeoutMilliseconds: number): Promise<Outcome<undefined>> => {
    const begun = options.nowMilliseconds();
    const verdict = judge(await options.read({ timeoutMilliseconds }), expected, options.description);
    verifiedAt = verdict.ok ? begun : Number.NEGATIVE_INFINITY;
    return verdict;
  };

  return {
    async verify(limits) {
      const expected = options.expectedIdentity;
      if (expected === undefined) {
        return failure('NotInitialized', `the destination ${options.description} has not been given an identity yet`);
      }
      if (options.nowMilliseconds() - verifiedAt <= options.freshMilliseconds) return success(undefined);
      underWay ??= readAndJudge(expected, sharedLimit(limits.timeoutMilliseconds)).finally(
        () => (underWay = undefined),
      );
      const verdict = await withinLimit(underWay, limits, `reading the identity of ${options.description}`);
      return verdict.ok ? verdict.value : verdict;
    },
  };
};
