import { describe, expect, it } from 'vitest';
import { BoundedMap, EventRateLimiter } from './event-limits.ts';
import { FakeClock } from '#doubles/kube/fake-clock.ts';

describe('EventRateLimiter', () => {
  it('allows a burst, then one per refill time, for each object by itself', async () => {
    const clock = new FakeClock();
    const limiter = new EventRateLimiter({ burst: 2, refillSeconds: 10 }, clock, 100);
    const ask = (uid: string, times: number): boolean[] => Array.from({ length: times }, () => limiter.allow(uid));
    expect(ask('a', 3)).toEqual([true, true, false]);
    expect(ask('b', 1)).toEqual([true]);
    await clock.advance(9_999);
    expect(ask('a', 1)).toEqual([false]);
    await clock.advance(1);
    expect(ask('a', 2)).toEqual([true, false]);
    await clock.advance(1_000_000);
    expect(ask('a', 3)).toEqual([true, true, false]);
  });
});

describe('BoundedMap', () => {
  it('forgets what was used longest ago', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('never grows beyond its capacity', () => {
    const map = new BoundedMap<number>(10);
    for (let key = 0; key < 1000; key++) map.set(String(key), key);
    expect(map.size).toBe(10);
    map.delete('999');
    expect(map.size).toBe(9);
  });
});
