import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { run } from '../../cluster/command.ts';
import { type MetricSample, parseMetrics } from './prometheus-text.ts';

const projectFolder = join(import.meta.dirname, '..', '..', '..');

/**
 * Builds the program as the image holds it, and keeps a copy: others may build anew meanwhile.
 * @returns the copy's path.
 */
export async function buildBundle(folder: string): Promise<string> {
  await run([process.execPath, 'build.ts'], { cwd: projectFolder });
  const copy = join(folder, 'dist');
  cpSync(join(projectFolder, 'dist'), copy, { recursive: true });
  return join(copy, 'rebound.mjs');
}

export interface ReboundOptions {
  /** The bundled program, see {@link buildBundle}. */
  readonly bundlePath: string;
  readonly role: 'controller' | 'webhook';
  readonly environment: Readonly<Record<string, string>>;
  /** Port of /healthz, /readyz and /metrics on loopback. */
  readonly healthPort: number;
  readonly logPath: string;
  /** More flags for Node, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
}

export interface Memory {
  readonly rssMiB: number;
  /** The most it ever was. */
  readonly peakRssMiB: number;
}

/** One role of the product as a process of this machine; it is killed when this program ends. */
export class ReboundProcess {
  readonly #options: ReboundOptions;
  readonly #child: ChildProcess;
  /** By `performance.now()`. */
  readonly startedAtMilliseconds: number;

  constructor(options: ReboundOptions) {
    this.#options = options;
    const log = openSync(options.logPath, 'a');
    // As the Dockerfile's entry point does it.
    const node = [process.execPath, ...(options.nodeFlags ?? []), options.bundlePath, options.role];
    const args = ['--pdeathsig', 'KILL', ...node];
    this.startedAtMilliseconds = performance.now();
    this.#child = spawn('setpriv', args, {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...options.environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
  }

  /** What the kernel says of its memory (proc(5), status). */
  memory(): Memory {
    this.assertAlive();
    const status = readFileSync(`/proc/${String(this.#child.pid)}/status`, 'utf8');
    const mebibytes = (field: string): number => {
      const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
      if (kibibytes === undefined) throw new ClusterError(`the kernel does not tell ${field} of the ${this.#role}`);
      return Number(kibibytes) / 1024;
    };
    return { rssMiB: mebibytes('VmRSS'), peakRssMiB: mebibytes('VmHWM') };
  }

  /** @throws when the process does not answer (yet). */
  async metrics(): Promise<readonly MetricSample[]> {
    this.assertAlive();
    const response = await fetch(`http://127.0.0.1:${this.#options.healthPort}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    return parseMetrics(await response.text());
  }

  async isReady(): Promise<boolean> {
    this.assertAlive();
    const response = await fetch(`http://127.0.0.1:${this.#options.healthPort}/readyz`, {
      signal: AbortSignal.timeout(5_000),
    });
    return response.ok;
  }

  /** @throws ClusterError with the end of its log when the process has ended. */
  assertAlive(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return;
    const tail = readFileSync(this.#options.logPath, 'utf8').trimEnd().split('\n').slice(-3).join('\n');
    throw new ClusterError(`the ${this.#role} ended (${String(exitCode ?? signalCode)}); the end of its log:\n${tail}`);
  }

  /** Ends it and waits until it is gone; does nothing when it is gone already. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  get #role(): string {
    return this.#options.role;
  }
}
