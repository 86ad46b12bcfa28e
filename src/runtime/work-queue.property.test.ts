import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock, settle } from '#doubles/kube/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

type Step =
  | { readonly do: 'add' | 'addRateLimited' | 'forget' | 'finish'; readonly key: string }
  | { readonly do: 'addAfter'; readonly key: string; readonly milliseconds: number }
  | { readonly do: 'advance'; readonly milliseconds: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const milliseconds = fc.integer({ min: 0, max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add'), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('finish'), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('addRateLimited', 'forget'), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('addAfter'), key, milliseconds }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance'), milliseconds }) },
);

/** Workers that take keys as fast as they can and end work on one when told to. */
class Workers {
  readonly running = new Map<string, () => void>();
  /** When work on a key last began, as a count of all steps so far. */
  readonly begun = new Map<string, number>();
  readonly overlaps: string[] = [];
  now = 0;

  async work(queue: WorkQueue): Promise<void> {
    for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
      if (this.running.has(taken)) this.overlaps.push(taken);
      this.begun.set(taken, this.now);
      const finished = Promise.withResolvers<undefined>();
      this.running.set(taken, () => finished.resolve(undefined));
      await finished.promise;
      this.running.delete(taken);
      queue.done(taken);
    }
  }

  finish(finishedKey: string): void {
    this.running.get(finishedKey)?.();
  }
}

async function perform(current: Step, world: { queue: WorkQueue; workers: Workers; clock: FakeClock }): Promise<void> {
  const { queue, workers, clock } = world;
  if (current.do === 'add') queue.add(current.key);
  if (current.do === 'addRateLimited') queue.addRateLimited(current.key);
  if (current.do === 'forget') queue.forget(current.key);
  if (current.do === 'finish') workers.finish(current.key);
  if (current.do === 'addAfter') queue.addAfter(current.key, current.milliseconds);
  if (current.do === 'advance') await clock.advance(current.milliseconds);
}

it('loses no key, never works on one twice at once, and works on each after it was last added', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workerCount) => {
      const clock = new FakeClock();
      const queue = new WorkQueue({ clock });
      const workers = new Workers();
      const working = Array.from({ length: workerCount }, () => workers.work(queue));
      const lastAdded = new Map<string, number>();

      for (const current of steps) {
        workers.now += 1;
        if (current.do === 'add' || current.do === 'addAfter' || current.do === 'addRateLimited') {
          lastAdded.set(current.key, workers.now);
        }
        await perform(current, { queue, workers, clock });
        await settle();
      }
      // Let every delay end and every worker finish whatever it has.
      workers.now += 1;
      await clock.advance(10_000_000);
      for (let round = 0; round < 20; round++) {
        for (const running of [...workers.running.keys()]) workers.finish(running);
        await settle();
      }

      expect(workers.overlaps).toEqual([]);
      for (const [added, when] of lastAdded) expect(workers.begun.get(added)).toBeGreaterThanOrEqual(when);
      expect({ depth: queue.depth, processing: queue.processing }).toEqual({ depth: 0, processing: 0 });
      await queue.shutDown();
      await Promise.all(working);
    }),
    { numRuns: 300 },
  );
});
