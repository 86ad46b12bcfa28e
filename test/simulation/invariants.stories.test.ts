import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { beginning, watch } from './story.ts';

/** Each part of the suite, a process of its own, plays other stories. */
const part = Number(process.env['REBOUND_STORIES_PART'] ?? 1);
const stories = Number(process.env['REBOUND_STORIES'] ?? 1_000);
/** The same stories each time, so that a failure is never of the weather; another number plays others. */
const seed = Number(process.env['REBOUND_STORIES_SEED'] ?? 0);

describe('the reconcilers, whatever happens in whatever order', () => {
  it(`invariants 1, 2, 3, 4, 10, 12, 13 and 15: hold in every story, and each ends with its claim bound, with its data, protected, and nothing left over`, async () => {
    await fc.assert(
      fc.asyncProperty(beginning, commands(80), async (start, happenings) => {
        expect(await watch(start, happenings)).toEqual([]);
      }),
      { numRuns: stories, seed: seed + part },
    );
  });
});
