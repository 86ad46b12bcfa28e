import { describe, expect, it } from 'vitest';
import { GRACE_MILLISECONDS, isNews, putWait, type Telling } from './telling.ts';

const wait = { reason: 'NoConsumer', message: 'No pod yet.', advice: 'Start one.', waitedMilliseconds: 0 };

describe('putWait', () => {
  it('shows a wait at once, and leaves it untold for its grace', () => {
    expect(putWait({ ...wait, waitedMilliseconds: 1_000 })).toEqual({
      reason: 'NoConsumer',
      message: 'No pod yet.',
      telling: { when: 'lasting', graceLeftMilliseconds: GRACE_MILLISECONDS - 1_000 },
    });
  });

  it('adds what a person can do, once it has outlasted its grace', () => {
    const lasting = { message: 'No pod yet. Start one.', telling: { when: 'lasting', graceLeftMilliseconds: 0 } };
    expect(putWait({ ...wait, waitedMilliseconds: GRACE_MILLISECONDS })).toMatchObject(lasting);
    expect(putWait({ ...wait, waitedMilliseconds: GRACE_MILLISECONDS * 100 })).toMatchObject(lasting);
    expect(putWait({ ...wait, waitedMilliseconds: 5_000, graceMilliseconds: 5_000 })).toMatchObject(lasting);
  });

  it('never waits longer than its grace for a clock that lags', () => {
    const { telling } = putWait({ ...wait, waitedMilliseconds: -3_600_000 });
    expect(telling).toEqual({ when: 'lasting', graceLeftMilliseconds: GRACE_MILLISECONDS });
  });

  it('never tells what a person is not to do anything about', () => {
    const shown = putWait({ ...wait, advice: undefined, waitedMilliseconds: 3_600_000 });
    expect(shown).toEqual({ reason: 'NoConsumer', message: 'No pod yet.', telling: { when: 'never' } });
  });
});

describe('isNews', () => {
  const early = putWait(wait);
  const late = putWait({ ...wait, waitedMilliseconds: GRACE_MILLISECONDS });
  const other = { reason: 'ClaimPending', message: 'Not bound.' };
  const atOnce: Telling = { when: 'new' };

  it('tells progress and faults when their reason is a new one, and does not repeat them', () => {
    expect(isNews(undefined, other, atOnce)).toBe(true);
    expect(isNews(early, other, atOnce)).toBe(true);
    expect(isNews(other, other, atOnce)).toBe(false);
    expect(isNews(other, { ...other, message: 'Still not bound.' }, atOnce)).toBe(false);
  });

  it('says nothing of a wait within its grace, whatever was before', () => {
    for (const before of [undefined, other, early]) expect(isNews(before, early, early.telling)).toBe(false);
  });

  it('tells a wait that outlasts its grace, once', () => {
    for (const before of [undefined, other, early]) expect(isNews(before, late, late.telling)).toBe(true);
    expect(isNews(late, late, late.telling)).toBe(false);
  });

  it('never tells what others tell', () => {
    expect(isNews(undefined, other, { when: 'never' })).toBe(false);
  });
});
