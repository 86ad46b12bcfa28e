import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { beginning, watch } from './story.ts';

/** Each part of the suite, a process of its own, plays other stories. */
const part = Number(process.env['REBOUND_STORIES_PART'] ?? 1);
const stories = Number(process.env['REBOUND_STORIES'] ?? 1_000);
/** The same stories each time, so that a failure is never of the weather; another number plays others. */
const seed = Number(process.env['REBOUND_STORIES_SEED'] ?? 0);
/** Where a failure has told how to play its story again, what it has named. */
const path = process.env['REBOUND_STORIES_PATH'];

const replay = path === undefined ? {} : { path, endOnFailure: true };

describe('the reconcilers, whatever happens in whatever order', () => {
  it(`invariants 1, 2, 3, 4, 10, 12, 13 and 15: hold in every story, and each ends with its claim bound, with its data, protected, and nothing left over`, async () => {
    const played = await fc.check(
      fc.asyncProperty(beginning, commands(80), async (start, happenings) => {
        expect(await watch(start, happenings)).toEqual([]);
      }),
      { numRuns: stories, seed: seed + part, ...replay },
    );
    if (!played.failed) return;
    const words = `REBOUND_STORIES_SEED=${seed} REBOUND_STORIES_PATH=${played.counterexamplePath} npx vitest run --project stories-${part}`;
    const why = fc.defaultReportMessage(played);
    throw new Error(`To play this story again: ${words}\n${why}`, { cause: played.errorInstance });
  });
});
