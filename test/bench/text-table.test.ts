import { expect, it } from 'vitest';
import { textTable } from './text-table.ts';

it('aligns words left and numbers right', () => {
  const columns = [{ head: 'variant' }, { head: 'seconds', numeric: true }, { head: 'note' }];
  expect(
    textTable(columns, [
      ['restic alone', '2.05', 'no cluster'],
      ['Rebound', '12345.67'],
    ]),
  ).toEqual([
    'variant        seconds  note',
    '------------  --------  ----------',
    'restic alone      2.05  no cluster',
    'Rebound       12345.67',
  ]);
});

it('is a head and a rule where there are no rows', () => {
  expect(textTable([{ head: 'name' }], [])).toEqual(['name', '----']);
});
