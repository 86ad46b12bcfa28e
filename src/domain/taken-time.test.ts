import { describe, expect, it } from 'vitest';
import { takenMilliseconds } from './taken-time.ts';

const REQUESTED = Date.parse('2026-08-01T10:00:00Z');
const NOW = Date.parse('2026-08-01T10:05:00Z');

describe('takenMilliseconds', () => {
  it.each(['2026-08-01T10:00:00Z', '2026-08-01T10:02:03.5Z', '2026-08-01T10:05:00Z'])(
    'is what the driver says, where that can be: %s',
    (time) => {
      expect(takenMilliseconds(time, REQUESTED, NOW)).toBe(Date.parse(time));
    },
  );

  it.each([
    undefined,
    '1970-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z',
    '2026-08-01T10:05:01Z',
    '+051036-01-01T00:00:00Z',
    '51036-01-01T00:00:00Z',
  ])('is when the snapshot was asked for, where the driver says what cannot be: %s', (time) => {
    expect(takenMilliseconds(time, REQUESTED, NOW)).toBe(REQUESTED);
  });
});
