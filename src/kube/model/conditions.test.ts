import { expect, it } from 'vitest';
import { findCondition, isConditionTrue, setCondition } from './conditions.ts';

const ready = { type: 'Ready', status: 'True', reason: 'Protected', message: 'all is well' } as const;
const [monday, tuesday] = ['2030-01-07T00:00:00Z', '2030-01-08T00:00:00Z'];

it('adds a condition that was not there', () => {
  expect(setCondition([], ready, monday)).toEqual([{ ...ready, lastTransitionTime: monday }]);
});

it('keeps the time while the status stays, though reason and message change', () => {
  const before = setCondition([], ready, monday);
  const after = setCondition(before, { ...ready, reason: 'Proven', observedGeneration: 2 }, tuesday);
  expect(after).toEqual([{ ...ready, reason: 'Proven', observedGeneration: 2, lastTransitionTime: monday }]);
});

it('moves the time when the status changes, and leaves other conditions and the input alone', () => {
  const before = setCondition(setCondition([], { ...ready, type: 'Stalled' }, monday), ready, monday);
  const after = setCondition(before, { ...ready, status: 'False' }, tuesday);
  expect(findCondition(after, 'Ready')?.lastTransitionTime).toBe(tuesday);
  expect(findCondition(after, 'Stalled')?.lastTransitionTime).toBe(monday);
  expect(isConditionTrue(before, 'Ready')).toBe(true);
  expect(isConditionTrue(after, 'Ready')).toBe(false);
});
