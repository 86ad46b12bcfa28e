import { describe, expect, it } from 'vitest';
import {
  type AdmissionEpoch,
  decideEpochRotation,
  EPOCH_MILLISECONDS,
  EPOCH_SETTLING_MILLISECONDS,
  epochForDecision,
  readEpoch,
} from './epoch.ts';

const now = Date.UTC(2030, 0, 1, 12);
const current = 'c'.repeat(32);
const previous = 'b'.repeat(32);
const rotatedAgo = (milliseconds: number): AdmissionEpoch => ({
  current,
  previous,
  rotatedAtMilliseconds: now - milliseconds,
});

describe('readEpoch', () => {
  it('reads what the ConfigMap holds', () => {
    const data = { current, previous, rotatedAt: '2030-01-01T12:00:00.000Z' };
    expect(readEpoch(data)).toEqual({ current, previous, rotatedAtMilliseconds: now });
    expect(readEpoch({ current, rotatedAt: '2030-01-01T12:00:00Z' })).toMatchObject({ current });
  });

  it.each([
    undefined,
    {},
    { current: '', rotatedAt: '2030-01-01T12:00:00Z' },
    { current: 'short', rotatedAt: '2030-01-01T12:00:00Z' },
    { current, previous: 'x', rotatedAt: '2030-01-01T12:00:00Z' },
    { current, rotatedAt: 'yesterday' },
    { current },
  ])('knows no epoch in %j', (data) => {
    expect(readEpoch(data)).toBeUndefined();
  });
});

describe('decideEpochRotation', () => {
  it('makes a first one', () => {
    expect(decideEpochRotation(now, undefined)).toEqual({ kind: 'rotate', previous: undefined });
  });

  it('keeps one for an hour', () => {
    const epoch = rotatedAgo(EPOCH_MILLISECONDS - 1);
    expect(decideEpochRotation(now, epoch)).toEqual({ kind: 'keep', nextRotationMilliseconds: now + 1 });
  });

  it('rotates after an hour, or after a long time without a controller, and keeps the one before', () => {
    expect(decideEpochRotation(now, rotatedAgo(EPOCH_MILLISECONDS))).toEqual({ kind: 'rotate', previous: current });
    expect(decideEpochRotation(now, rotatedAgo(50 * EPOCH_MILLISECONDS))).toEqual({
      kind: 'rotate',
      previous: current,
    });
  });

  it('bears a clock that is a little behind, but not a time of rotation far ahead', () => {
    expect(decideEpochRotation(now, rotatedAgo(-60_000)).kind).toBe('keep');
    expect(decideEpochRotation(now, rotatedAgo(-2 * EPOCH_MILLISECONDS)).kind).toBe('rotate');
  });
});

describe('epochForDecision', () => {
  it('ties a decision to the previous epoch until every API server can know the new one', () => {
    expect(epochForDecision(now, rotatedAgo(0))).toBe(previous);
    expect(epochForDecision(now, rotatedAgo(EPOCH_SETTLING_MILLISECONDS - 1))).toBe(previous);
    expect(epochForDecision(now, rotatedAgo(EPOCH_SETTLING_MILLISECONDS))).toBe(current);
  });

  it('takes the first epoch at once: there is no other', () => {
    expect(epochForDecision(now, { current, rotatedAtMilliseconds: now })).toBe(current);
  });
});
