import { describe, expect, it } from 'vitest';

import { formatEntry, textIndent, wrap } from './timeline-format.ts';

const plain = { columns: 80, colors: false };

describe('formatEntry', () => {
  it('puts the time, the duration, the mark and the text in columns', () => {
    expect(formatEntry({ mark: 'done', elapsedMs: 12_340, tookMs: 1_250, text: 'the cluster is up' }, plain)).toBe(
      '   12.3 s    1.3 s ✓ the cluster is up',
    );
  });

  it('leaves the duration out where there is none, in the same columns', () => {
    const note = formatEntry({ mark: 'note', elapsedMs: 100, text: 'x' }, plain);
    expect(note).toBe('    0.1 s          · x');
    expect(note.indexOf('x')).toBe(textIndent);
  });

  it('sets an act off by an empty line', () => {
    expect(formatEntry({ mark: 'act', elapsedMs: 0, text: 'Act' }, plain)).toBe('\n    0.0 s            Act');
  });

  it('continues a long text below its first line, within the terminal', () => {
    const text = Array.from({ length: 30 }, () => 'word').join(' ');
    const [first = '', ...more] = formatEntry({ mark: 'note', elapsedMs: 0, text }, plain).split('\n');
    expect(first.length).toBeLessThanOrEqual(plain.columns);
    expect(more.length).toBeGreaterThan(0);
    for (const line of more) {
      expect(line.startsWith(' '.repeat(textIndent))).toBe(true);
      expect(line.length).toBeLessThanOrEqual(plain.columns);
    }
  });

  it('stays readable in a terminal that is narrower than the columns', () => {
    const entry = formatEntry({ mark: 'note', elapsedMs: 0, text: 'two words' }, { columns: 10, colors: false });
    expect(entry).toContain('two words');
  });

  it('colors only where the terminal can', () => {
    const entry = { mark: 'failed', elapsedMs: 0, text: 'no' } as const;
    expect(formatEntry(entry, { ...plain, colors: true })).toContain('\u001b[31m');
    expect(formatEntry(entry, plain)).not.toContain('\u001b');
  });
});

describe('wrap', () => {
  it('never loses or adds a word', () => {
    const text = 'a bb  ccc\ndddd eeeee';
    expect(wrap(text, 6).join(' ').split(' ')).toEqual(['a', 'bb', 'ccc', 'dddd', 'eeeee']);
  });

  it('gives a word that is too long a line of its own', () => {
    expect(wrap('a bbbbbbbbbb c', 4)).toEqual(['a', 'bbbbbbbbbb', 'c']);
  });
});
