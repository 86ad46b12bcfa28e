import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { withCircuitBreaker } from './circuit-breaker.ts';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import type { ObjectStore } from './object-store.ts';
import { failure, type Failure } from './outcome.ts';

const limits = { timeoutMilliseconds: 2_000 };
const silence = failure('Timeout', 'no complete answer within 2000 ms');

let store: MemoryStore;
let guarded: ObjectStore;
let now: number;

const read = (options = limits) => guarded.read('a', options);

const readTimes = async (times: number): Promise<void> => {
  for (let count = 0; count < times; count += 1) await read();
};

beforeEach(() => {
  store = createMemoryStore();
  now = 0;
  guarded = withCircuitBreaker(store, { nowMilliseconds: () => now });
});

describe('withCircuitBreaker', () => {
  it('lets calls through while the store answers, and its answers as they are', async () => {
    await readTimes(20);
    expect(store.calls).toHaveLength(20);
    expect(await read()).toEqual({ ok: true, value: undefined });
  });

  it.each(['Timeout', 'Unreachable'] as const)(
    'after five times %s in a row, calls fail at once with that reason',
    async (reason) => {
      store.fault = () => failure(reason, 'silence');
      await readTimes(5);
      const refused = await read();
      expect(refused).toMatchObject({ ok: false, reason });
      expect(refused).toHaveProperty('message', expect.stringContaining('memory has not answered the last calls'));
      expect(store.calls).toHaveLength(5);
    },
  );

  it('asks again after a time that grows to half a minute, one call at a time', async () => {
    store.fault = () => silence;
    await readTimes(5);
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const calls = store.calls.length;
      const since = now;
      while (store.calls.length === calls) {
        now += 500;
        await Promise.all([read(), read(), read()]);
      }
      expect(store.calls).toHaveLength(calls + 1);
      pauses.push((now - since) / 1000);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it('goes on at once when the one call got an answer', async () => {
    store.fault = () => silence;
    await readTimes(5);
    store.fault = undefined;
    now += 1_000;
    await readTimes(3);
    expect(store.calls).toHaveLength(8);
  });

  it('takes a refusal for the answer that it is', async () => {
    const answers: Failure[] = [silence, silence, silence, silence, failure('AccessDenied', 'HTTP 403')];
    store.fault = () => answers[(store.calls.length - 1) % answers.length];
    await readTimes(20);
    expect(store.calls).toHaveLength(20);
  });

  it('does not blame the store for callers that had no time or gave up', async () => {
    store.fault = () => silence;
    for (let count = 0; count < 10; count += 1) await read({ timeoutMilliseconds: 50 });
    store.fault = () => failure('Aborted', 'the caller gave up');
    await readTimes(10);
    expect(store.calls).toHaveLength(20);
  });

  it('invariant 2: whatever the store does, a refused call is unknown, never an answer', async () => {
    const answer = fc.constantFrom(
      undefined,
      silence,
      failure('Unreachable', 'no connection'),
      failure('Throttled', 'busy'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(answer, fc.nat(2_000)), { maxLength: 60 }), async (story) => {
        const asked = createMemoryStore();
        let time = 0;
        const breaker = withCircuitBreaker(asked, { nowMilliseconds: () => time });
        for (const [fault, milliseconds] of story) {
          asked.fault = () => fault;
          time += milliseconds;
          const before = asked.calls.length;
          const outcome = await breaker.listPage('x/', { ...limits, maximumKeys: 2 });
          if (asked.calls.length === before) expect(outcome.ok).toBe(false);
          else expect(outcome.ok).toBe(fault === undefined);
        }
      }),
    );
  });
});
