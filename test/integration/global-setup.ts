import { buildProgram } from '../cluster/native/go-programs.ts';

const startedMilliseconds = Date.now();

function report(message: string): void {
  const seconds = ((Date.now() - startedMilliseconds) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${message}\n`);
}

/** Builds what the tests start. The first time that takes minutes, which no test's time limit should have to cover. */
export default async function setup(): Promise<void> {
  for (const name of ['kubebox', 'versitygw', 'restic'] as const) await buildProgram(name, report);
}
