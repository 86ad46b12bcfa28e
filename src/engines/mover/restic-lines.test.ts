import { describe, expect, it } from 'vitest';
import { progressOf, resticComplaint } from './restic-lines.ts';

// As restic 0.18 prints them.
const restoring =
  '{"message_type":"status","seconds_elapsed":1,"percent_done":0.5,"total_files":10,"files_restored":3,"total_bytes":100,"bytes_restored":40,"bytes_skipped":10}';
const saving =
  '{"message_type":"status","percent_done":0.25,"total_files":4,"files_done":1,"total_bytes":80,"bytes_done":20,"current_files":["/data/a"]}';
const summary =
  '{"message_type":"summary","total_files":10,"files_restored":10,"total_bytes":100,"bytes_restored":100}';

describe('progressOf', () => {
  it('is that of the last line that tells it', () => {
    expect(progressOf([restoring.replace('40', '1'), restoring, 'cut sho'].join('\n'))).toEqual({
      doneBytes: 50,
      totalBytes: 100,
    });
    expect(progressOf(saving)).toEqual({ doneBytes: 20, totalBytes: 80 });
  });

  it('is unknown where nothing was told', () => {
    expect(progressOf('')).toBeUndefined();
    expect(progressOf(summary)).toBeUndefined();
  });
});

describe('resticComplaint', () => {
  it('is nothing where restic complains of nothing', () => {
    expect(resticComplaint([saving, summary].join('\n'))).toBeUndefined();
  });

  it('names the first file and the verdict', () => {
    const error = (item: string): string => JSON.stringify({ message_type: 'error', error: { message: 'bad' }, item });
    const verdict =
      '{"message_type":"exit_error","code":3,"message":"Warning: at least one source file could not be read"}';
    expect(resticComplaint([error('/a'), error('/b'), verdict].join('\n'))).toBe(
      '/a: bad; Warning: at least one source file could not be read',
    );
  });

  it('takes the words of a restic that could not begin', () => {
    expect(resticComplaint('Fatal: unable to open config file: Stat: 403\nIs there a repository?')).toBe(
      'Fatal: unable to open config file: Stat: 403',
    );
  });

  it('stays on one line of 300 characters, whatever a file is called', () => {
    const item = `a\n\u0007${'x'.repeat(500)}`;
    const complaint = resticComplaint(JSON.stringify({ message_type: 'error', error: { message: 'bad' }, item }));
    expect(complaint).toHaveLength(300);
    expect(complaint).not.toMatch(/\p{Cc}/u);
  });
});
