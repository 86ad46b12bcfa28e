import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from './testing/commands.ts';
import type { Violation } from './testing/invariants.ts';
import { beginning, watch } from './testing/story.ts';

const holds = (invariant: Violation['invariant'], numRuns: number) =>
  fc.assert(
    fc.asyncProperty(beginning, commands(80), async (start, happenings) => {
      const violations = await watch(start, happenings);
      expect(violations.filter((one) => one.invariant === invariant)).toEqual([]);
    }),
    { numRuns },
  );

describe('the reconcilers, whatever happens in whatever order', { timeout: 600_000 }, () => {
  it('invariant 1: a labelled claim never binds blank while a backup of it exists or may exist', async () => {
    await holds(1, 100);
  });

  it('invariant 2: unknown is never none', async () => {
    await holds(2, 100);
  });

  it('invariant 3: no backup before a proven restore, no pruning after a collapse', async () => {
    await holds(3, 100);
  });

  it('invariant 4: the last good backup is never deleted by us', async () => {
    await holds(4, 100);
  });

  it('invariant 15: no lock is removed whose holder may be at work', async () => {
    await holds(15, 100);
  });

  it('every claim ends bound, with its data, protected, and with nothing left over', async () => {
    await holds(0, 100);
  });
});
