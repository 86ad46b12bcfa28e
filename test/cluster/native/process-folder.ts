import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { ClusterError, codeOf } from '../cluster-error.ts';
import { poll } from '../poll.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { findByEnvironment, identify, isAlive, signalProcess } from './process-identity.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const recordSchema = z.object({
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
  specHash: z.string(),
});
type ProcessRecord = z.infer<typeof recordSchema>;

/** `changed`: running, but from another command line or environment than the one asked for. */
export type ProcessState = 'running' | 'changed' | 'dead' | 'absent';

export interface StopOptions {
  readonly signal?: NodeJS.Signals;
  /** After this the process is killed. */
  readonly graceSeconds?: number;
}

/** The environment entry that every process of a folder carries. */
export function processMark(folder: string): string {
  return `REBOUND_CLUSTER_PROCESS=${folder}`;
}

/**
 * The long-running host processes of one cluster: started in the background, their logs and identities kept in
 * a folder, so that a later run of this program finds them again. Every process carries the folder's name in its
 * environment, and so does what it starts: a process whose record was lost can still be told from anybody else's.
 */
export class ProcessFolder {
  readonly path: string;
  readonly #diesWithParent: boolean;

  /** @param diesWithParent processes are killed by the kernel when this program ends, however it ends. */
  constructor(path: string, options: { readonly diesWithParent?: boolean } = {}) {
    this.path = path;
    this.#diesWithParent = options.diesWithParent ?? false;
    mkdirSync(join(path, 'logs'), { recursive: true });
    mkdirSync(join(path, 'processes'), { recursive: true });
  }

  get mark(): string {
    return processMark(this.path);
  }

  logPath(name: string): string {
    return join(this.path, 'logs', `${name}.log`);
  }

  #recordPath(name: string): string {
    return join(this.path, 'processes', `${name}.json`);
  }

  #read(name: string): ProcessRecord | undefined {
    try {
      return recordSchema.parse(JSON.parse(readFileSync(this.#recordPath(name), 'utf8')));
    } catch (error) {
      // Unreadable after a crash of the machine: what still runs is found by its mark.
      if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
      throw error;
    }
  }

  names(): string[] {
    const files = readdirSync(join(this.path, 'processes')).filter((file) => file.endsWith('.json'));
    return files.map((file) => file.slice(0, -'.json'.length)).sort();
  }

  identity(name: string): ProcessIdentity | undefined {
    const record = this.#read(name);
    return record !== undefined && isAlive(record) ? record : undefined;
  }

  state(spec: ProcessSpec): ProcessState {
    const record = this.#read(spec.name);
    if (record === undefined) return 'absent';
    if (!isAlive(record)) return 'dead';
    return record.specHash === hashSpec(spec) ? 'running' : 'changed';
  }

  /** Starts the process unless it runs already as wanted. Returns whether something was started. */
  async ensure(spec: ProcessSpec): Promise<boolean> {
    const state = this.state(spec);
    if (state === 'running') return false;
    if (state === 'changed') await this.stop(spec.name);
    this.#start(spec);
    return true;
  }

  #start(spec: ProcessSpec): void {
    const log = openSync(this.logPath(spec.name), 'a');
    const command = this.#diesWithParent ? ['setpriv', '--pdeathsig', 'KILL', ...spec.command] : spec.command;
    const [program = '', ...args] = command;
    const [markName = '', markValue = ''] = this.mark.split('=');
    const child = spawn(program, args, {
      cwd: this.path,
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.path, ...spec.env, [markName]: markValue },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => undefined);
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) {
      throw new ClusterError(`${spec.name} did not start: run "npm run cluster -- logs ${spec.name}" to see why`);
    }
    this.#write(spec, identity);
  }

  #write(spec: ProcessSpec, identity: ProcessIdentity): void {
    const record: ProcessRecord = { ...identity, specHash: hashSpec(spec) };
    const path = this.#recordPath(spec.name);
    writeFileSync(`${path}.partial`, JSON.stringify(record));
    renameSync(`${path}.partial`, path);
  }

  /** Sends a signal. Returns false when the process does not run. */
  signal(name: string, signal: NodeJS.Signals): boolean {
    const identity = this.identity(name);
    return identity !== undefined && signalProcess(identity, signal);
  }

  /** Ends the process and waits until it is gone; does nothing when it does not run. */
  async stop(name: string, options: StopOptions = {}): Promise<void> {
    const identity = this.identity(name);
    if (identity !== undefined) await endProcess(identity, name, options);
    rmSync(this.#recordPath(name), { force: true });
  }

  /** Kills every process that carries this folder's mark, recorded or not. */
  async killMarked(): Promise<void> {
    for (const identity of findByEnvironment(this.mark)) {
      await endProcess(identity, `process ${identity.pid}`, { signal: 'SIGKILL' });
    }
  }

  /** The last lines of a process's log, for error messages. */
  logTail(name: string, lines = 3): string {
    if (!existsSync(this.logPath(name))) return '';
    return readFileSync(this.logPath(name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** @throws ClusterError when the process has ended, with the end of its log. */
  assertAlive(name: string): void {
    if (this.identity(name) !== undefined) return;
    throw new ClusterError(`${name} ended by itself; the end of its log:\n${this.logTail(name)}`);
  }
}

function hashSpec(spec: ProcessSpec): string {
  return createHash('sha256')
    .update(JSON.stringify([spec.command, spec.env ?? {}]))
    .digest('hex');
}

async function endProcess(identity: ProcessIdentity, name: string, options: StopOptions): Promise<void> {
  const gone = (): Promise<boolean> => Promise.resolve(!isAlive(identity));
  signalProcess(identity, options.signal ?? 'SIGTERM');
  try {
    await poll({ what: `${name} to end`, timeoutSeconds: options.graceSeconds ?? 10, intervalMs: 20 }, gone);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    signalProcess(identity, 'SIGKILL');
    await poll({ what: `${name} to die after SIGKILL`, timeoutSeconds: 10, intervalMs: 20 }, gone);
  }
}
