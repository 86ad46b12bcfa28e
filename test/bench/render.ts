import type { BenchReport, Findings, Series } from './report.ts';
import { textTable } from './text-table.ts';

/** The report for a person: one row per variant, then ratios, targets and notes. */
export function renderReport(report: BenchReport): string {
  const { bench, startedAt, durationSeconds, machine } = report;
  const parts = [
    [
      `${bench}, ${startedAt}, took ${Math.round(durationSeconds)} s`,
      `${machine.cpuCount} x ${machine.cpuModel}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
      ...Object.entries(report.settings).map(([name, value]) => `${name}: ${String(value)}`),
    ],
    variantTable(report.variants),
    ratioTable(report.ratios),
    targetTable(report),
    report.notes.map((note) => `Note: ${note}`),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Medians, with the samples behind them in brackets. */
function variantTable(variants: Findings['variants']): string[] {
  const names = [...new Set(Object.values(variants).flatMap((measurements) => Object.keys(measurements)))];
  const columns = [{ head: 'median (samples)' }, ...names.map((head) => ({ head, numeric: true }))];
  const rows = Object.entries(variants).map(([variant, measurements]) => [
    variant,
    ...names.map((name) => {
      const found = measurements[name];
      return found === undefined ? '' : seriesText(found);
    }),
  ]);
  return textTable(columns, rows);
}

const mostSamplesShown = 5;

function seriesText({ median, samples }: Series): string {
  if (samples.length <= mostSamplesShown) return `${median} (${samples.join(' ')})`;
  return `${median} (${samples.length} from ${Math.min(...samples)} to ${Math.max(...samples)})`;
}

function ratioTable(ratios: Findings['ratios']): string[] {
  const entries = Object.entries(ratios);
  if (entries.length === 0) return [];
  return textTable(
    [{ head: 'derived' }, { head: 'value', numeric: true }],
    entries.map(([name, value]) => [name, String(value)]),
  );
}

function targetTable({ targets }: Findings): string[] {
  if (targets.length === 0) return [];
  const columns = [{ head: 'target' }, { head: 'value', numeric: true }, { head: 'limit' }, { head: '' }];
  return textTable(
    columns,
    targets.map(({ name, value, limit, comparison, reached }) => [
      name,
      String(value),
      `${comparison} ${limit}`,
      reached ? 'reached' : 'MISSED',
    ]),
  );
}
