import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { playStories } from './play-stories.ts';
import { beginning, watch } from './story.ts';

describe('the reconcilers, whatever happens in whatever order', () => {
  it(`invariants 1, 2, 3, 4, 10, 12, 13 and 15: hold in every story, and each ends with its claim bound, with its data, protected, and nothing left over`, async () => {
    const stories = fc.asyncProperty(beginning, commands(80), async (start, happenings) => {
      expect(await watch(start, happenings)).toEqual([]);
    });
    await playStories(stories, { file: 'invariants.stories' });
  });
});
