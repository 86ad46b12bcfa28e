import { spawn } from 'node:child_process';

import { ClusterError, codeOf } from './cluster-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for the command's standard input. */
  readonly input?: string;
  readonly timeoutSeconds?: number;
  /** Receives standard error as it comes, for progress. */
  readonly onStderr?: (text: string) => void;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end and returns its output, whatever the exit code. No shell is involved.
 * @throws ClusterError when the program does not exist or the time is over.
 */
export function tryRun(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: (options.timeoutSeconds ?? 0) * 1000,
      killSignal: 'SIGKILL',
    });
    const stdout: string[] = [];
    const stderr: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr.push(text);
      options.onStderr?.(text);
    });
    child.on('error', (error) =>
      reject(codeOf(error) === 'ENOENT' ? new ClusterError(`the program "${program}" is not installed`) : error),
    );
    child.on('close', (exitCode, signal) => {
      if (exitCode === null) {
        reject(new ClusterError(`${program} was ended by ${signal ?? 'a signal'}: ${tellingLine(stderr.join(''))}`));
      } else {
        resolve({ exitCode, stdout: stdout.join(''), stderr: stderr.join('') });
      }
    });
    // A program that ends before it has read its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Runs a command and returns its standard output.
 * @throws ClusterError with the last line of standard error when the exit code is not 0.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, options);
  if (result.exitCode === 0) return result.stdout;
  const why = tellingLine(result.stderr) || tellingLine(result.stdout);
  throw new ClusterError(`"${command.slice(0, 4).join(' ')}" failed with exit code ${result.exitCode}: ${why}`);
}

/** The line of a program's output that most likely says why it failed: the last that speaks of an error, or the last. */
function tellingLine(text: string): string {
  const lines = text.trimEnd().split('\n');
  return (lines.findLast((line) => /error|fatal|cannot|denied|no space/i.test(line)) ?? lines.at(-1) ?? '').trim();
}
