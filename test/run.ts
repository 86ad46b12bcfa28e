/**
 * All tests but those of the whole cluster, or those named: `node test/run.ts [unit] [stories] [integration] [e2e] [whole-cluster]`. The last line gives the totals; with CI=true a
 * skipped test is a failure, since nothing may go untested there. Exits 1 when anything failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const usual = ['unit', 'stories', 'integration', 'e2e'] as const;
const projects = [...usual, 'whole-cluster'] as const;
/** Vitest's own names for them. */
const patternOf = (project: string): string => (project === 'stories' ? 'stories-*' : project);

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** A file that could not even be loaded has no failed test in it, but it is a failure. */
function totalsOf(report: z.infer<typeof vitestReport>): Totals {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status !== 'passed' && test.status !== 'failed')
      .map((test) => test.fullName),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles, skipped };
}

async function runProject(project: string, folder: string): Promise<Totals> {
  const outputFile = join(folder, `${project}.json`);
  const words = [
    'run',
    '--project',
    patternOf(project),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${outputFile}`,
  ];
  const { status } = spawnSync('vitest', words, { stdio: 'inherit' });
  const text = await readFile(outputFile, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1, skipped: [] };
  const totals = totalsOf(vitestReport.parse(JSON.parse(text)));
  // An error outside any test, such as a set-up that broke, counts too.
  return status !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

const named = projects.filter((project) => process.argv.includes(project));
const folder = await mkdtemp(join(tmpdir(), 'rebound-tests-'));
const totals: Totals[] = [];
for (const project of named.length > 0 ? named : usual) {
  const startedAt = performance.now();
  const one = await runProject(project, folder);
  totals.push(one);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${project}: ${one.passed} passed, ${one.failed} failed, ${one.skipped.length} skipped in ${seconds} s`);
}
await rm(folder, { recursive: true });

const passed = totals.reduce((sum, one) => sum + one.passed, 0);
const failed = totals.reduce((sum, one) => sum + one.failed, 0);
const skipped = totals.flatMap((one) => one.skipped);
for (const name of skipped) console.log(`skipped: ${name}`);
const isCI = process.env['CI'] === 'true';
if (isCI && skipped.length > 0) console.log('Tests were skipped, which CI does not allow.');
process.exitCode = failed > 0 || passed === 0 || (isCI && skipped.length > 0) ? 1 : 0;
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
