import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuantity } from './quantity.ts';

describe('parseQuantity', () => {
  it.each([
    ['0', 0],
    ['128974848', 128_974_848],
    ['129e6', 129_000_000],
    ['129M', 129_000_000],
    ['123Mi', 123 * 1024 ** 2],
    ['0.5Gi', 512 * 1024 ** 2],
    ['.5Gi', 512 * 1024 ** 2],
    ['10Gi', 10 * 1024 ** 3],
    ['1e9', 1_000_000_000],
    ['1E3', 1_000],
    ['1E', 1e18],
    ['1Ei', 2 ** 60],
    ['1E-1', 1],
    ['5.', 5],
    ['+2k', 2_000],
    ['-1500m', -2],
    ['-1Gi', -(1024 ** 3)],
  ])('understands %s', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each([
    ['1500m', 2],
    ['1n', 1],
    ['0.1', 1],
    ['1.1Ki', 1127],
    ['1000u', 1],
    ['1000000u', 1],
  ])('rounds %s up to a whole unit', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each([
    '',
    '.',
    'Gi',
    '1 Gi',
    '1gi',
    '1K',
    '1KiB',
    'ten',
    '0x10',
    '1e',
    '1e9Gi',
    '--1',
    '1e999',
    'Infinity',
    '1\n',
  ])('does not guess at %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it('reads back every whole number of bytes, and orders suffixes as their sizes are', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat({ max: 4000 }), (bytes, gibibytes) => {
        expect(parseQuantity(String(bytes))).toBe(bytes);
        expect(parseQuantity(`${gibibytes}Gi`)).toBe(gibibytes * 1024 ** 3);
        expect(parseQuantity(`${gibibytes}Mi`)).toBeLessThanOrEqual(gibibytes * 1024 ** 3);
      }),
    );
  });
});
