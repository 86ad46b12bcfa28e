/** All static checks, one after the other: `npm run check`. Exits 1 when any of them finds something. */
import { spawnSync } from 'node:child_process';

const checks: readonly (readonly [name: string, ...command: string[]])[] = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['types', 'tsc'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  ['dead code', 'knip', '--no-progress'],
  ['generated manifests', 'node', 'bin/generate.ts', '--check'],
  ['invariants', 'node', 'test/invariants/main.ts'],
];

const failed = checks.filter(([name, program = '', ...words]) => {
  const startedAt = performance.now();
  const { status } = spawnSync(program, words, { stdio: 'inherit' });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  return status !== 0;
});

process.exitCode = failed.length === 0 ? 0 : 1;
