import { describe, expect, it } from 'vitest';

import { findMirror } from './debian-mirror.ts';

describe('findMirror', () => {
  it('reads one-line sources', () => {
    const text =
      '# deb http://old.example/debian bookworm main\ndeb [signed-by=/k] https://mirror.example/debian/ bookworm main\n';
    expect(findMirror(text)).toBe('https://mirror.example/debian');
  });

  it('reads deb822 sources and passes over security and vendors', () => {
    const text = [
      'Types: deb',
      'URIs: https://vendor.example/apt',
      '',
      'URIs: http://mirror.example/debian-security',
      'URIs: http://mirror.example/debian',
    ].join('\n');
    expect(findMirror(text)).toBe('http://mirror.example/debian');
  });

  it('knows when there is none', () => {
    expect(findMirror('')).toBeUndefined();
  });
});
