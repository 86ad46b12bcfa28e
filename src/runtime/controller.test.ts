import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '#doubles/kube/fake-clock.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import { done, requeueAfter, terminal, type Result } from './result.ts';
import type { Source } from './source.ts';

const logger = pino({ level: 'silent' });

/** A source that a test drives by hand. */
function manualSource() {
  const synced = Promise.withResolvers<undefined>();
  let enqueue: ((key: string) => void) | undefined;
  const source: Source = {
    hasSynced: () => synced.promise,
    start: (callback) => {
      enqueue = callback;
      return () => (enqueue = undefined);
    },
  };
  return { source, sync: () => synced.resolve(undefined), change: (key: string) => enqueue?.(key) };
}

function controllerWith(options: Partial<ControllerOptions> & Pick<ControllerOptions, 'reconcile'>): Controller {
  return new Controller({ name: 'test', sources: [], logger, ...options });
}

describe('Controller', () => {
  it('works on nothing until every source has synced, then on everything that was named', async () => {
    const [first, second] = [manualSource(), manualSource()];
    const seen: string[] = [];
    const reconcile = async (key: string): Promise<Result> => {
      seen.push(key);
      return done();
    };
    const controller = controllerWith({ sources: [first.source, second.source], reconcile, concurrency: 1 });
    const started = controller.start();
    first.change('a');
    first.sync();
    second.change('b');
    await settle();
    expect(seen).toEqual([]);
    second.sync();
    await started;
    await settle();
    expect(seen).toEqual(['a', 'b']);
    await controller.stop();
  });

  it('can be stopped before its sources have synced', async () => {
    const { source } = manualSource();
    const controller = controllerWith({ sources: [source], reconcile: async () => done() });
    const started = controller.start();
    await controller.stop();
    await started;
  });

  it('tries again, ever later, what throws, whether at once or after a while; other keys go on', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const reconcile = (key: string): Promise<Result> => {
      seen.push(`${key} ${clock.monotonicMilliseconds() - startedAt}`);
      if (key === 'sync') throw new Error('at once');
      return key === 'async' ? Promise.reject(new Error('after a while')) : Promise.resolve(done());
    };
    const controller = controllerWith({ clock, reconcile });
    const startedAt = clock.monotonicMilliseconds();
    await controller.start();
    for (const key of ['sync', 'async', 'fine']) controller.enqueue(key);
    await clock.advance(16);
    expect(seen).toEqual(['sync 0', 'async 0', 'fine 0', 'sync 5', 'async 5', 'sync 15', 'async 15']);
    await controller.stop();
  });

  it('looks again when asked to, and then starts with short delays anew', async () => {
    const clock = new FakeClock();
    const startedAt = clock.monotonicMilliseconds();
    const seen: number[] = [];
    const results: (() => Promise<Result>)[] = [
      () => Promise.reject(new Error('once')),
      () => Promise.resolve(requeueAfter(1000)),
      () => Promise.reject(new Error('twice')),
      () => Promise.resolve(done()),
    ];
    const reconcile = async (): Promise<Result> => {
      seen.push(clock.monotonicMilliseconds() - startedAt);
      return results[seen.length - 1]?.() ?? done();
    };
    const controller = controllerWith({ clock, reconcile });
    await controller.start();
    controller.enqueue('a');
    await clock.advance(100_000);
    expect(seen).toEqual([0, 5, 1005, 1010]);
    await controller.stop();
  });

  it('leaves alone what is terminal until it changes', async () => {
    const clock = new FakeClock();
    let times = 0;
    const reconcile = async (): Promise<Result> => {
      times += 1;
      return terminal('InvalidSpec', 'the schedule makes no sense');
    };
    const controller = controllerWith({ clock, reconcile });
    await controller.start();
    controller.enqueue('a');
    await clock.advance(10_000_000);
    expect(times).toBe(1);
    controller.enqueue('a');
    await settle();
    expect(times).toBe(2);
    await controller.stop();
  });

  it('aborts the signal when stopped and waits for the work under way', async () => {
    const events: string[] = [];
    const reconcile = (_key: string, signal: AbortSignal): Promise<Result> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          setTimeout(() => {
            events.push('work ended');
            resolve(done());
          }, 5);
        });
      });
    const controller = controllerWith({ reconcile });
    await controller.start();
    controller.enqueue('a');
    await settle();
    await controller.stop();
    events.push('stopped');
    expect(events).toEqual(['work ended', 'stopped']);
  });

  it('aborts the signal of a reconcile that takes too long', async () => {
    const reconcile = (_key: string, signal: AbortSignal): Promise<Result> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(done())));
    const outcomes: string[] = [];
    const observer = { reconciled: (outcome: string) => outcomes.push(outcome) };
    const controller = controllerWith({ reconcile, reconcileTimeoutMilliseconds: 20, observer });
    await controller.start();
    controller.enqueue('a');
    await expect.poll(() => outcomes).toEqual(['done']);
    await controller.stop();
  });

  it('reports every outcome', async () => {
    const outcomes: string[] = [];
    const observer = { reconciled: (outcome: string) => outcomes.push(outcome) };
    const results: Readonly<Record<string, Result>> = { a: done(), b: requeueAfter(1000), c: terminal('X', 'x') };
    const reconcile = async (key: string): Promise<Result> => {
      const result = results[key];
      if (result === undefined) throw new Error('unknown');
      return result;
    };
    const controller = controllerWith({ clock: new FakeClock(), reconcile, observer, concurrency: 1 });
    await controller.start();
    for (const key of ['a', 'b', 'c', 'd']) controller.enqueue(key);
    await settle();
    expect(outcomes).toEqual(['done', 'requeueAfter', 'terminal', 'error']);
    await controller.stop();
  });
});
