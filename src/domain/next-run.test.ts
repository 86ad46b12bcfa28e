import { describe, expect, it } from 'vitest';
import { nextRun, type NextRunFacts } from './next-run.ts';

const MINUTE = 60_000;
const now = Date.parse('2026-01-02T10:30:00Z');
const due = { lastMilliseconds: now - 10 * MINUTE, nextMilliseconds: now + 50 * MINUTE };
const idle: NextRunFacts = { nowMilliseconds: now, due, lastEndedMilliseconds: now - 5 * MINUTE };
const run = (more: Partial<NextRunFacts>) => nextRun({ ...idle, ...more });

describe('nextRun', () => {
  it('begins the first one at once', () => {
    expect(run({ lastEndedMilliseconds: undefined })).toEqual({ kind: 'due', cause: 'first' });
  });

  it('waits for the next time of the schedule after a run that has ended since the last', () => {
    expect(run({})).toEqual({ kind: 'later', atMilliseconds: due.nextMilliseconds });
  });

  it('makes up once for what came due while nobody looked', () => {
    const missed = run({ lastEndedMilliseconds: now - 3 * 24 * 60 * MINUTE });
    expect(missed).toMatchObject({ kind: 'due', cause: 'due 2026-01-02T10:20:00Z' });
    expect(run({ lastEndedMilliseconds: now })).toMatchObject({ kind: 'later' });
  });

  it('is the same run however often it is asked for', () => {
    const missed = { lastEndedMilliseconds: now - 60 * MINUTE };
    expect(run({ ...missed, nowMilliseconds: now + MINUTE })).toEqual(run(missed));
  });

  it('tries a failed run again, later each time, and at least every hour', () => {
    const failed = (count: number) => run({ failed: { count, endedAtMilliseconds: now } });
    const minutes = [1, 2, 3, 7, 20].map((count) => {
      const next = failed(count);
      return next.kind === 'later' ? (next.atMilliseconds - now) / MINUTE : 0;
    });
    expect(minutes).toEqual([1, 2, 4, 60, 60]);
    const again = run({ failed: { count: 1, endedAtMilliseconds: now - MINUTE } });
    expect(again).toMatchObject({ kind: 'due', cause: 'retry 2026-01-02T10:30:00Z' });
  });

  it('begins a run that is asked for, and tries it again as any other where it failed', () => {
    expect(run({ request: 'please' })).toEqual({ kind: 'due', cause: 'request please', request: 'please' });
    const failed = { count: 1, endedAtMilliseconds: now, request: 'please' };
    expect(run({ request: 'please', failed })).toMatchObject({ kind: 'later' });
    expect(run({ request: 'again', failed })).toMatchObject({ kind: 'due', request: 'again' });
    const retried = run({ request: 'please', failed, nowMilliseconds: now + MINUTE });
    expect(retried).toMatchObject({ kind: 'due', request: 'please' });
    expect(retried).not.toEqual(run({ request: 'please' }));
  });

  it('looks again at a volume that held nothing', () => {
    expect(run({ emptyRetryMilliseconds: now + MINUTE })).toEqual({ kind: 'later', atMilliseconds: now + MINUTE });
    expect(run({ emptyRetryMilliseconds: now - MINUTE })).toMatchObject({ kind: 'due' });
  });
});
