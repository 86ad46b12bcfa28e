import { describe, expect, it } from 'vitest';
import { isRemovalAccepted } from './removal-answer.ts';

const held = { since: '2026-03-01T12:00:00Z', rules: '{"last":1}' };
const now = Date.parse('2026-03-02T00:00:00Z');
const isAccepted = (answer: string | undefined, rules = held.rules) => isRemovalAccepted(held, rules, answer, now);

describe('invariant 4: a removal of more than half by changed rules', () => {
  it('is accepted by a time since it began to wait', () => {
    expect([isAccepted('2026-03-01T12:00:00Z'), isAccepted('2026-03-01T18:30:00+01:00')]).toEqual([true, true]);
  });

  it.each([
    ['nobody answers', undefined],
    ['the answer is of an earlier change', '2026-03-01T11:59:59Z'],
    ['the answer is of a time that is yet to come, and would answer what nobody has seen', '2026-03-02T00:00:01Z'],
    ['the answer names no time', 'yes'],
  ])('waits where %s', (_, answer) => {
    expect(isAccepted(answer)).toBe(false);
  });

  it('waits anew where the rules were changed once more', () => {
    expect(isAccepted('2026-03-01T12:00:00Z', '{"last":2}')).toBe(false);
  });

  it('is not accepted before it was told', () => {
    expect(isRemovalAccepted(undefined, held.rules, '2026-03-01T12:00:00Z', now)).toBe(false);
  });
});
