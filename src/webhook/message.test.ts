import { describe, expect, it } from 'vitest';
import { singleLine } from './message.ts';

describe('singleLine', () => {
  it('leaves a short line alone', () => {
    expect(singleLine('all is well', 11)).toBe('all is well');
  });

  it('cuts a long one and shows that it did', () => {
    expect(singleLine('all is well', 10)).toBe('all is ...');
  });

  it('joins lines and drops control characters', () => {
    expect(singleLine(' a\r\n\tb\u0000c ', 20)).toBe('a b c');
  });

  it('never ends in half a character', () => {
    expect(singleLine('1234😀😀😀', 8).isWellFormed()).toBe(true);
  });
});
