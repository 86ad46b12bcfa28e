import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Bench } from './bench.ts';
import { Cleanup } from './cleanup.ts';
import { machineFacts } from './machine.ts';
import { renderReport } from './render.ts';
import type { BenchReport } from './report.ts';
import { admissionBench } from './admission/admission-bench.ts';
import { type ContentsName, isContentsName } from './restore/contents.ts';
import { restoreBench } from './restore/restore-bench.ts';
import { scaleBench } from './scale/scale-bench.ts';

const usage = `usage: npm run bench -- <name> [--json]

  restore    262 MiB in 1,002 files, from creating the claim to bound: restic alone, VolSync's populator, Rebound with
             VolSync's movers and with its own
  admission  creates of claims, 20 at a time and one at a time: no webhook, labelled, unlabelled
  scale      the controller with 10,000 labelled claims: memory, writes at rest, restart, spread of schedules

  --json     the last line is the report as one JSON object
  --claims   fewer claims, for a quick look: the targets are meant for the usual number
  --contents   of restore: mixed (the usual ones), one-file (4 GiB), many-files (200,000 of 4 KiB)
  --node-flag=<flag>  a flag for Node in the product's processes, such as --cpu-prof; may be repeated

Exit code 0: it was measured, whether the targets were reached or not.
`;

const benches: Readonly<Record<string, Bench>> = {
  restore: restoreBench,
  admission: admissionBench,
  scale: scaleBench,
};

const startedMilliseconds = Date.now();

function report(message: string): void {
  const seconds = ((Date.now() - startedMilliseconds) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${message}\n`);
}

interface Flags {
  readonly json: boolean;
  readonly claims: number | undefined;
  readonly contents: ContentsName;
  readonly nodeFlags: readonly string[];
}

async function measure(name: string, bench: Bench, { claims, contents, nodeFlags }: Flags): Promise<BenchReport> {
  const cleanup = new Cleanup();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanup.run().finally(() => process.exit(130)));
  }
  const logFolder = join(tmpdir(), `rebound-bench-${name}-${process.pid}`);
  mkdirSync(logFolder, { recursive: true });
  report(`logs are in ${logFolder}`);
  try {
    const findings = await bench({ cleanup, report, claims, contents, logFolder, nodeFlags });
    return {
      bench: name,
      startedAt: new Date(startedMilliseconds).toISOString(),
      durationSeconds: Math.round((Date.now() - startedMilliseconds) / 1000),
      machine: machineFacts(),
      ...findings,
    };
  } finally {
    await cleanup.run();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      claims: { type: 'string' },
      contents: { type: 'string', default: 'mixed' },
      'node-flag': { type: 'string', multiple: true, default: [] },
    },
  });
  const [name = ''] = positionals;
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  const claims = values.claims === undefined ? undefined : Number(values.claims);
  const { contents } = values;
  const isCount = claims === undefined || (Number.isInteger(claims) && claims > 0);
  if (bench === undefined || !isCount || !isContentsName(contents)) {
    process.stderr.write(usage);
    return 2;
  }
  const found = await measure(name, bench, { json: values.json, claims, contents, nodeFlags: values['node-flag'] });
  process.stdout.write(`${renderReport(found)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof ClusterError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`bench: ${text ?? ''}\n`);
  process.exitCode = 1;
}
