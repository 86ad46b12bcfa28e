import fc from 'fast-check';

/** Each part of the suite, a process of its own, plays other stories. */
const part = Number(process.env['REBOUND_STORIES_PART'] ?? 1);
const stories = Number(process.env['REBOUND_STORIES'] ?? 1_000);
/** The same stories each time, so that a failure is never of the weather; another number plays others. */
const seed = Number(process.env['REBOUND_STORIES_SEED'] ?? 0);
/** Where a failure has told how to play its story again, what it has named. */
const path = process.env['REBOUND_STORIES_PATH'];

const replay = path === undefined ? {} : { path, endOnFailure: true };

export interface Plan {
  /** Of the test file, as vitest finds it. */
  readonly file: string;
  /** How many of the stories it plays; all of them if not given. */
  readonly share?: number;
}

/**
 * Plays random stories, as many as the environment says and always the same ones.
 *
 * @throws with the words that play the story again in which the property does not hold.
 */
export async function playStories<T>(property: fc.IAsyncProperty<T>, { file, share = 1 }: Plan): Promise<void> {
  const numRuns = Math.ceil(stories * share);
  const played = await fc.check(property, { numRuns, seed: seed + part, ...replay });
  if (!played.failed) return;
  const words = `REBOUND_STORIES_SEED=${seed} REBOUND_STORIES_PATH=${played.counterexamplePath} npx vitest run --project stories-${part} ${file}`;
  const why = fc.defaultReportMessage(played);
  throw new Error(`To play this story again: ${words}\n${why}`, { cause: played.errorInstance });
}
