import { describe, expect, it } from 'vitest';
import { orphanedClaim } from './orphaned-claim.ts';

const waiting = {
  restoreName: 'rebound-1',
  hasWaitingSelector: false,
  isBound: false,
  isRestored: false,
  ageMilliseconds: 60_000,
};

describe('orphanedClaim', () => {
  it('invariant 10: says what a claim waits for in vain, and what to take out of its manifest', () => {
    expect(orphanedClaim(waiting)).toContain('VolumeRestore rebound-1, which nobody makes');
    expect(orphanedClaim(waiting)).not.toContain('spec.selector');
    expect(orphanedClaim({ ...waiting, hasWaitingSelector: true })).toContain('and spec.selector');
  });

  it.each([
    ['is bound', { isBound: true }],
    ['is being restored, though its label was taken away meanwhile', { isRestored: true }],
    ['was made a moment ago', { ageMilliseconds: 59_999 }],
  ])('says nothing of one that %s', (_, change) => {
    expect(orphanedClaim({ ...waiting, ...change })).toBeUndefined();
  });
});
