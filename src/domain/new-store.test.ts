import { describe, expect, it } from 'vitest';
import { newStoreWarning } from './new-store.ts';

const initializedTime = '2030-01-01T00:00:00Z';
const hoursLater = (hours: number): number => Date.parse(initializedTime) + hours * 3_600_000;

describe('newStoreWarning', () => {
  it('warns for a day that the store is new and its identity not pinned', () => {
    const warning = newStoreWarning({ isPinned: false, initializedTime, nowMilliseconds: hoursLater(23) });
    expect(warning).toContain('New store, identity not pinned');
    expect(warning).toContain('spec.identity');
  });

  it.each([
    ['the identity is pinned', true, initializedTime, 1],
    ['the store is a day old', false, initializedTime, 24],
    ['the store was initialised by an earlier release, which did not say when', false, undefined, 1],
  ])('says nothing when %s', (_, isPinned, time, hours) => {
    const facts = { isPinned, initializedTime: time, nowMilliseconds: hoursLater(hours) };
    expect(newStoreWarning(facts)).toBeUndefined();
  });
});
