/** One line of a metrics page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const sampleLine = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)",?/g;
const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

/** Reads the Prometheus text format, version 0.0.4. Comments, and lines that are no samples, are left out. */
export function parseMetrics(text: string): MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const match = sampleLine.exec(line);
    if (match === null) return [];
    const [, name = '', labels = '', value = ''] = match;
    return [{ name, labels: parseLabels(labels), value: Number(value) }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(label)].map(([, name = '', value = '']): [string, string] => [
    name,
    value.replace(/\\[n"\\]/g, (escape) => escapes[escape] ?? escape),
  ]);
  return Object.fromEntries(pairs);
}

/** The sum of a metric's samples whose labels are accepted; 0 where there are none. */
export function sumOf(
  samples: readonly MetricSample[],
  name: string,
  accepts: (labels: MetricSample['labels']) => boolean = () => true,
): number {
  return samples
    .filter((sample) => sample.name === name && accepts(sample.labels))
    .reduce((sum, { value }) => sum + value, 0);
}
