import { describe, expect, it } from 'vitest';

import { differences, parseEvidence } from './evidence.ts';

describe('differences', () => {
  it('finds none between equal data', () => {
    expect(differences({ rows: '7', sum: '-3' }, { sum: '-3', rows: '7' })).toEqual([]);
  });

  it('names what changed, with both values', () => {
    expect(differences({ rows: '7', sum: '1' }, { rows: '0', sum: '1' })).toEqual(['rows: was 7, is now 0']);
  });

  it('takes what could not be measured for a difference, on either side', () => {
    expect(differences({ rows: '7' }, {})).toEqual(['rows: was 7, is now not measured']);
    expect(differences({}, { rows: '7' })).toEqual(['rows: was not measured, is now 7']);
  });
});

describe('parseEvidence', () => {
  it('reads one measure per line, with blanks and further equal signs in it', () => {
    const output = 'sum(abalance)=-42\n\nsha256 of all=ab=c\n';
    expect(parseEvidence(output, ['sum(abalance)'])).toEqual({ 'sum(abalance)': '-42', 'sha256 of all': 'ab=c' });
  });

  it('refuses output that lacks a measure, or has an empty one: nothing measured is not the same as equal', () => {
    expect(() => parseEvidence('files=3\n', ['files', 'bytes'])).toThrow('not measured: bytes');
    expect(() => parseEvidence('files=\n', ['files'])).toThrow('not measured: files');
    expect(() => parseEvidence('', ['files'])).toThrow('not measured: files');
  });

  it('refuses lines of another form', () => {
    expect(() => parseEvidence('bash: find: command not found', [])).toThrow('not of the form name=value');
  });
});
