import { describe, expect, it } from 'vitest';
import { stepsWithin, withinLimit } from './time-limit.ts';

const never = new Promise<string>(() => undefined);

describe('withinLimit', () => {
  it('returns what is done in time', async () => {
    expect(await withinLimit(Promise.resolve('done'), { timeoutMilliseconds: 1_000 }, 'x')).toEqual({
      ok: true,
      value: 'done',
    });
  });

  it('gives up at the limit', async () => {
    const result = await withinLimit(never, { timeoutMilliseconds: 5 }, 'reading');
    expect(result).toEqual({ ok: false, reason: 'Timeout', message: 'reading: not done within 5 ms' });
  });

  it('gives up when told to, before or during the wait', async () => {
    const before = await withinLimit(never, { timeoutMilliseconds: 1_000, signal: AbortSignal.abort() }, 'x');
    expect(before).toMatchObject({ reason: 'Aborted' });
    const controller = new AbortController();
    const during = withinLimit(never, { timeoutMilliseconds: 1_000, signal: controller.signal }, 'x');
    controller.abort();
    expect(await during).toMatchObject({ reason: 'Aborted' });
  });

  it('passes on what the work throws', async () => {
    await expect(withinLimit(Promise.reject(new Error('broken')), { timeoutMilliseconds: 1_000 }, 'x')).rejects.toThrow(
      'broken',
    );
  });
});

describe('stepsWithin', () => {
  it('hands out what is left, never less than nothing', () => {
    const step = stepsWithin({ timeoutMilliseconds: 50, maximumKeys: 2 });
    expect(step().timeoutMilliseconds).toBeGreaterThan(0);
    expect(step().timeoutMilliseconds).toBeLessThanOrEqual(50);
    expect(step().maximumKeys).toBe(2);
    expect(stepsWithin({ timeoutMilliseconds: -5 })().timeoutMilliseconds).toBe(0);
  });
});
