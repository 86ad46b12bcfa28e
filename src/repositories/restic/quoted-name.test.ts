import { describe, expect, it } from 'vitest';
import { unquoteName } from './quoted-name.ts';

describe('unquoteName', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['ä 日本', 'ä 日本'],
    ['a\\nb\\tc', 'a\nb\tc'],
    ['a\\\\b\\"c', 'a\\b"c'],
    ['a\\u00a0b\\U0001f600', 'a\u00a0b😀'],
    ['\\a\\b\\f\\r\\v', '\u0007\b\f\r\v'],
  ])('reads %s as Go does', (quoted, name) => {
    expect(unquoteName(quoted)?.toString('utf8')).toBe(name);
  });

  it('reads bytes that are no UTF-8', () => {
    expect(unquoteName('bad\\xff\\x80name')).toEqual(
      Buffer.concat([Buffer.from('bad'), Buffer.of(0xff, 0x80), Buffer.from('name')]),
    );
  });

  it.each(['\\', 'a\\q', '\\x', '\\xg0', '\\u12', '\\U00110000'])('does not guess what %s means', (quoted) => {
    expect(unquoteName(quoted)).toBeUndefined();
  });
});
