import type { Evidence } from './evidence.ts';
import { textTable } from './text-table.ts';
import { seconds } from './timeline-format.ts';

/** An application's data in each of its lives, first to last. */
export interface Chronicle {
  readonly title: string;
  readonly lives: readonly {
    readonly evidence: Evidence;
    /** From `kubectl apply` to ready. */
    readonly readyMs: number;
  }[];
}

const longestValue = 20;

const shorten = (value: string): string =>
  value.length > longestValue ? `${value.slice(0, longestValue - 1)}…` : value;

/**
 * The table that a person looks at in the end: what was measured in the first life, and what in each after a loss.
 * @param lives names the lives, as headings.
 */
export function summaryTable(lives: readonly string[], chronicles: readonly Chronicle[]): string {
  return textTable([['', '', ...lives], ...chronicles.flatMap(chronicleRows)]);
}

function chronicleRows({ title, lives }: Chronicle): readonly string[][] {
  const [first, ...later] = lives;
  if (first === undefined) return [];
  const rows = Object.entries(first.evidence).map(([name, value]) => {
    const again = later.map(({ evidence }) => compare(value, evidence[name]));
    return [name, shorten(value), ...again];
  });
  const times = ['from apply to ready', ...lives.map(({ readyMs }) => seconds(readyMs))];
  return [...rows, times].map((row, at) => [at === 0 ? title : '', ...row]);
}

function compare(before: string, now: string | undefined): string {
  if (now === undefined) return 'not measured';
  return now === before ? 'the same' : `now ${shorten(now)}`;
}
