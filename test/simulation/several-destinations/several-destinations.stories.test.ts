import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playStories } from '../play-stories.ts';
import { commands } from './commands.ts';
import { beginning, watch } from './story.ts';

describe('several destinations, whatever happens in whatever order', () => {
  it('invariants 1, 2 and 10: hold in every story, and each ends with its claim bound, or waiting for an answer that names the destinations', async () => {
    const stories = fc.asyncProperty(beginning, commands(40), async (start, happenings) => {
      expect(await watch(start, happenings)).toEqual([]);
    });
    await playStories(stories, { file: 'several-destinations.stories', share: 0.06 });
  });
});
