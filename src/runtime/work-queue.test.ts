import { describe, expect, it } from 'vitest';
import { FakeClock } from '#doubles/kube/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  it('hands keys out in order, each once however often it was added', async () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['a', 'b', 'c']);
    expect(queue.depth).toBe(0);
  });

  it('gives a waiting worker the next key added', async () => {
    const queue = new WorkQueue();
    const [first, second] = [queue.take(), queue.take()];
    queue.add('a');
    queue.add('b');
    expect([await first, await second]).toEqual(['a', 'b']);
  });

  it('never gives a key to two workers, and gives it again if it was added meanwhile', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.take()).toBe('a');
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(await queue.take()).toBe('b');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await queue.take()).toBe('a');
  });

  it('of several delays for a key, counts the one that ends first', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('a', 1000);
    queue.addAfter('a', 500);
    queue.addAfter('a', 2000);
    await clock.advance(499);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(await queue.take()).toBe('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.depth).toBe(0);
  });

  it('retries after 5 ms, doubling to 1000 s, and starts over when forgotten', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const delays = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 81_920, 163_840];
    for (const delay of [...delays, 327_680, 655_360, 1_000_000, 1_000_000]) {
      queue.addRateLimited('a');
      await clock.advance(delay - 1);
      expect(queue.depth).toBe(0);
      await clock.advance(1);
      expect(await queue.take()).toBe('a');
      queue.done('a');
    }
    expect(queue.failuresOf('a')).toBe(20);
    queue.forget('a');
    queue.addRateLimited('a');
    await clock.advance(5);
    expect(queue.depth).toBe(1);
  });

  it('when shut down, drops what waits, ends workers, and waits for the work under way', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('c', 10);
    expect(await queue.take()).toBe('a');
    queue.add('a');
    let isDrained = false;
    const drained = queue.shutDown().then(() => (isDrained = true));
    await clock.advance(1000);
    queue.add('d');
    expect(await queue.take()).toBeUndefined();
    expect(isDrained).toBe(false);
    queue.done('a');
    await drained;
    expect(queue.depth).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends workers that wait when it is shut down', async () => {
    const queue = new WorkQueue();
    const taken = queue.take();
    await queue.shutDown();
    expect(await taken).toBeUndefined();
  });

  it('tells its observer about depth, adds, retries and waiting time', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const queue = new WorkQueue({
      clock,
      observer: {
        depthChanged: (depth) => seen.push(`depth ${depth}`),
        added: () => seen.push('added'),
        retried: () => seen.push('retried'),
        waited: (seconds) => seen.push(`waited ${seconds}`),
      },
    });
    queue.add('a');
    await clock.advance(2000);
    await queue.take();
    queue.addRateLimited('a');
    expect(seen).toEqual(['added', 'depth 1', 'depth 0', 'waited 2', 'retried']);
  });
});
