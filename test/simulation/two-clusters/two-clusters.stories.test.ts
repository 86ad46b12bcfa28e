import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playStories } from '../play-stories.ts';
import { commands } from './commands.ts';
import { beginning, watch } from './story.ts';

describe('two clusters with one store, whatever happens in whatever order', () => {
  it('invariants 1, 4 and 12: hold in every story, and each ends with one cluster that backs up', async () => {
    const stories = fc.asyncProperty(beginning, commands(60), async (start, happenings) => {
      expect(await watch(start, happenings)).toEqual([]);
    });
    await playStories(stories, { file: 'two-clusters.stories', share: 0.06 });
  });
});
