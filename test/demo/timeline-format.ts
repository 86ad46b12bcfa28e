import { styleText } from 'node:util';

export type Mark = 'act' | 'done' | 'note' | 'warning' | 'failed';

/** One entry of the timeline. */
export interface TimelineEntry {
  readonly mark: Mark;
  /** Since the start of the demo. */
  readonly elapsedMs: number;
  /** How long the step took. */
  readonly tookMs?: number;
  readonly text: string;
}

export interface Terminal {
  /** Characters in a line. */
  readonly columns: number;
  readonly colors: boolean;
}

const columnWidth = 9;
/** Two columns of times, a mark with a blank on each side. */
export const textIndent = 2 * columnWidth + 3;
const narrowestText = 40;

const symbols: Readonly<Record<Mark, string>> = { act: ' ', done: '✓', note: '·', warning: '!', failed: '✗' };
const styles: Readonly<Record<Mark, Parameters<typeof styleText>[0]>> = {
  act: 'bold',
  done: 'green',
  note: 'dim',
  warning: 'yellow',
  failed: 'red',
};

/** Seconds with one digit after the point: `12.3 s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Breaks a text into lines of at most `width` characters, at blanks; a longer word gets a line of its own. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** The lines of an entry: when, how long, mark, text. Every further line of a long text stands under the first. */
export function formatEntry(entry: TimelineEntry, terminal: Terminal): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    terminal.colors ? styleText(style, text, { validateStream: false }) : text;
  const took = entry.tookMs === undefined ? '' : seconds(entry.tookMs);
  const times = `${seconds(entry.elapsedMs).padStart(columnWidth)}${took.padStart(columnWidth)}`;
  const style = styles[entry.mark];
  const [first = '', ...more] = wrap(entry.text, Math.max(terminal.columns - textIndent, narrowestText));
  const paintText = (line: string): string => (entry.mark === 'done' ? line : paint(style, line));
  const lines = [
    `${paint('dim', times)} ${paint(style, symbols[entry.mark])} ${paintText(first)}`,
    ...more.map((line) => `${' '.repeat(textIndent)}${paintText(line)}`),
  ];
  return entry.mark === 'act' ? ['', ...lines].join('\n') : lines.join('\n');
}
