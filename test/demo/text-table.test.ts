import { expect, it } from 'vitest';

import { textTable } from './text-table.ts';

it('makes columns as wide as their widest cell, and leaves no blanks at line ends', () => {
  const rows = [
    ['', 'before', 'after'],
    ['rows', '7', 'the same'],
    ['a long name', '12,345,678'],
  ];
  expect(textTable(rows).split('\n')).toEqual([
    '             before      after',
    '───────────  ──────────  ────────',
    'rows         7           the same',
    'a long name  12,345,678',
  ]);
});

it('is empty without rows', () => {
  expect(textTable([])).toBe('');
});
