import { describe, expect, it } from 'vitest';
import { afterPruning, untilPruningIsTried } from './pruning-refusal.ts';

const DAY_MILLISECONDS = 86_400_000;
const cause = { secretName: 'rebound-data-1', request: undefined };
const first = { time: '2030-01-01T00:00:00Z', message: 'Access Denied', secretName: 'rebound-data-1' };
const refused = (time: string) => ({ kind: 'refused', time, message: 'Access Denied' }) as const;
const at = Date.parse(first.time);

describe('what is remembered of a store that lets nothing be deleted', () => {
  it('stays through runs that show nothing, and ends with one that prunes', () => {
    expect(afterPruning(undefined, refused(first.time), cause)).toEqual(first);
    expect(afterPruning(first, undefined, cause)).toBe(first);
    expect(afterPruning(first, { kind: 'pruned' }, cause)).toBeUndefined();
  });

  it('is not renewed by the same refusal, seen again when a backup was asked for since', () => {
    expect(afterPruning(first, refused(first.time), { ...cause, request: 'again' })).toBe(first);
    const later = refused('2030-01-09T00:00:00Z');
    expect(afterPruning(first, later, { ...cause, request: 'again' })).toMatchObject({
      time: later.time,
      request: 'again',
    });
  });
});

describe('pruning is tried again', () => {
  it('after seven days', () => {
    expect(untilPruningIsTried(first, cause, at + 6 * DAY_MILLISECONDS)).toBe(DAY_MILLISECONDS);
    expect(untilPruningIsTried(first, cause, at + 7 * DAY_MILLISECONDS)).toBe(0);
  });

  it.each([
    ['with another key', { ...cause, secretName: 'rebound-data-2' }],
    ['when a backup is asked for', { ...cause, request: 'again' }],
  ])('%s', (_, now) => {
    expect(untilPruningIsTried(first, now, at)).toBe(0);
    expect(untilPruningIsTried({ ...first, ...now }, now, at)).toBeGreaterThan(0);
  });
});
