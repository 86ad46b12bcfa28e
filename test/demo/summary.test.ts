import { expect, it } from 'vitest';

import { summaryTable } from './summary.ts';

const digest = 'a'.repeat(64);

it('shows the first life in values and the later ones as the same or as what they are now', () => {
  const lives = [
    { evidence: { rows: '700000', sum: '5', digest }, readyMs: 4_560 },
    { evidence: { rows: '700000', sum: '6', digest }, readyMs: 12_000 },
    { evidence: { rows: '700000', sum: '5' }, readyMs: 13_000 },
  ];
  const table = summaryTable(['before', 'deleted', 'rebuilt'], [{ title: 'PostgreSQL', lives }]);
  const cells = table.split('\n').map((line) => line.trim().split(/\s{2,}/));
  expect(cells[0]).toEqual(['before', 'deleted', 'rebuilt']);
  expect(cells.slice(2)).toEqual([
    ['PostgreSQL', 'rows', '700000', 'the same', 'the same'],
    ['sum', '5', 'now 6', 'the same'],
    ['digest', `${'a'.repeat(19)}…`, 'the same', 'not measured'],
    ['from apply to ready', '4.6 s', '12.0 s', '13.0 s'],
  ]);
});
